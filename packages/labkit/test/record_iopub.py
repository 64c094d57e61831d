"""
Record what a real kernel publishes for cells of all sorts.

python3 packages/labkit/test/record_iopub.py > packages/labkit/test/recorded-iopub.json
"""

import json
import queue
import sys

from jupyter_client.manager import KernelManager

CELLS = [
    "print('one'); print('two'); print('ä字😀', end='')",
    "import sys, time\n"
    "for i in range(20):\n"
    "    print(f'\\r{i * 5:3}% ' + '#' * i, end='', flush=True); time.sleep(0.01)\n"
    "print('\\rdone')",
    "for word in 'ab\\b\\bXY', 'long line\\rshort', 'a\\r\\nb\\r\\n', '\\b\\b':\n"
    "    print(word, end='', flush=True); time.sleep(0.05)",
    "for i in range(3):\n"
    "    print('out', i, flush=True); time.sleep(0.05); print('err', i, file=sys.stderr, flush=True); time.sleep(0.05)",
    "from IPython.display import display, clear_output, update_display, HTML, Image\n"
    "first = display(HTML('<b>1</b>'), display_id='shown'); display('other'); 1 + 1",
    "for i in range(5):\n    clear_output(wait=True); print('frame', i); display({'frame': i}); time.sleep(0.02)",
    "print('x'); clear_output(); print('y'); clear_output(wait=True)",
    "update_display(HTML('<b>2</b>'), display_id='shown'); display('3', display_id='shown')",
    "display(Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + bytes(50), format='png', width=3)); first.update('4')",
    "import threading\n"
    "def later():\n    for i in range(3):\n        time.sleep(0.1); print('from a thread', i, flush=True)\n"
    "threading.Thread(target=later).start(); print('main')",
    "time.sleep(0.5); print(sys.stdout.isatty()); display()",
    "class Rich:\n"
    "    def _repr_mimebundle_(self, **_):\n"
    "        return {'text/plain': 'p', 'application/json': {'a': [1, None]}}, {'text/plain': {'m': 1}}\n"
    "Rich()",
    "def deep(n):\n    return deep(n - 1) if n else 1 / 0\ndeep(3)",
    "None",
    "for i in range(200): print('line', i)",
]


def size(content: object) -> int:
    """Bytes of a message's content."""
    return len(json.dumps(content, ensure_ascii=False).encode())


def main() -> None:
    """Execute the cells one after the other and print all messages."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready()
    cells: dict[str, str] = {}
    messages = []
    for number, code in enumerate(CELLS):
        msg_id = client.execute(code, stop_on_error=False)
        cells[msg_id] = f"cell {number}"
        idle = False
        while not idle:
            message = client.get_iopub_msg(timeout=30)
            messages.append(message)
            idle = (
                message["parent_header"].get("msg_id") == msg_id
                and message["content"].get("execution_state") == "idle"
            )
    try:
        while True:
            messages.append(client.get_iopub_msg(timeout=0.5))
    except queue.Empty:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    recorded = [
        {
            "type": message["msg_type"],
            "parentId": cells[message["parent_header"]["msg_id"]],
            "parentType": message["parent_header"]["msg_type"],
            "content": message["content"],
            "bytes": size(message["content"]),
            "memoryBytes": size(message["content"]),
        }
        for message in messages
        if message["parent_header"].get("msg_id") in cells
    ]
    json.dump(recorded, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


main()
