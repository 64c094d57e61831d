/** Names that are sent, at most; of more, the largest. */
export const VARIABLES = 200;

/**
 * What is asked of a Python kernel, in Python: which variables there are, of what type and how large, as JSON. It has 50
 * ms, imports nothing that the kernel does not have already, and calls nothing of the user's: types are taken by
 * `type()`, sizes from the object itself (not what it refers to) and, where the class is one of a known library, from
 * what that library keeps ready. Functions, classes and modules come back when the notebook runs, and are left out.
 */
const CODE = `
import json, sys, time
until = time.perf_counter() + 0.05
MOST, LONGEST = ${VARIABLES}, 80
HIDDEN = {'In', 'Out', 'exit', 'quit', 'open', 'get_ipython'}
SKIPPED = ('module', 'function', 'builtin_function_or_method', 'type', 'ABCMeta', 'EnumMeta', 'EnumType')
PLAIN = {'builtins', 'array', 'collections', 'mmap'}

def library(kind):
    module = kind.__module__
    return module.split('.')[0] if type(module) is str else ''

def size(value, kind):
    top, name = library(kind), kind.__name__
    if top in PLAIN:
        return sys.getsizeof(value)
    if top == 'pandas' and name == 'DataFrame':
        return sum(block.values.nbytes for block in value._mgr.blocks)
    if top == 'polars' and name in ('DataFrame', 'Series'):
        return value.estimated_size()
    if top == 'torch' and name in ('Tensor', 'Parameter'):
        return value.element_size() * value.nelement()
    if top == 'scipy':
        return sum(part.nbytes for part in map(vars(value).get, ('data', 'indices', 'indptr', 'row', 'col')) if part is not None)
    if top in ('numpy', 'pandas', 'pyarrow', 'xarray', 'cupy', 'jax', 'jaxlib'):
        return value.nbytes
    return None

rows, count = [], 0
for name, value in list(scope.items()):
    kind = type(value)
    if type(name) is not str or name[:1] == '_' or name in HIDDEN or kind.__name__ in SKIPPED:
        continue
    count += 1
    if time.perf_counter() > until:
        continue
    try:
        held = size(value, kind)
        held = int(held) if held is not None and held >= 0 else None
    except Exception:
        held = None
    rows.append([name[:LONGEST], kind.__name__[:LONGEST], held])
rows.sort(key=lambda row: -1 if row[2] is None else row[2], reverse=True)
answer = json.dumps([count, rows[:MOST]]).encode().hex()
`;

/**
 * The same as one expression, for `user_expressions`. It runs in a namespace of its own with the true builtins, so that
 * a user's `list = 3` does not matter and nothing of it stays.
 */
export const INSPECTION = `(lambda b: (lambda n: (b.exec(${JSON.stringify(CODE)}, n), n['answer'])[1])({'__builtins__': b, 'scope': b.globals()}))(__import__('builtins'))`;
