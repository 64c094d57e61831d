/** 103 projects that people of this field install, those with the largest pages among them. */
export const PROJECTS: readonly string[] = `
  aiohttp altair anyio attrs bokeh boto3 botocore cachetools certifi cffi charset-normalizer click cloudpickle
  contourpy cryptography cycler dask datasets distributed duckdb fastapi filelock flask fonttools fsspec gensim
  geopandas google-cloud-storage grpcio gunicorn h5py httpx huggingface-hub hypothesis idna imageio ipykernel ipython
  ipywidgets jinja2 joblib jsonschema jupyterlab keras kiwisolver lightgbm llvmlite lxml markupsafe matplotlib
  mlflow msgpack mypy networkx nltk notebook numba numpy openpyxl opencv-python orjson packaging pandas pillow pip
  plotly polars protobuf psutil psycopg2-binary pyarrow pydantic pydantic-core pygments pytest python-dateutil pytz
  pyyaml pyzmq regex requests rich ruff s3fs scikit-image scikit-learn scipy seaborn setuptools shapely six spacy
  sqlalchemy statsmodels sympy tensorflow threadpoolctl tokenizers torch tqdm transformers uv xgboost`
  .trim()
  .split(/\s+/);

/** 30 packages with all that they need of one another, so that a tool installs exactly these. */
export const PACKAGES: readonly string[] = `
  pandas numpy python-dateutil six pytz tzdata requests urllib3 idna certifi charset-normalizer boto3 botocore
  s3transfer jmespath scikit-learn scipy joblib threadpoolctl sqlalchemy greenlet typing-extensions jinja2 markupsafe
  pyyaml click rich markdown-it-py mdurl pygments`
  .trim()
  .split(/\s+/);
