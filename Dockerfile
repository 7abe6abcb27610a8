# One image for every consumer and command: `docker run IMAGE ledger --help`.
FROM python:3.11-slim

RUN useradd --system --create-home --uid 10001 ledger \
    && install -d -o ledger -g ledger /ledger /key \
    # Each process has a home of its own; the vault's key comes from what is mounted at /key.
    && ln -s /key/vault.key /ledger/vault.key

WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY src ./src
COPY consumers ./consumers
COPY replay ./replay
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER ledger
ENV LEDGER_HOME=/ledger PYTHONUNBUFFERED=1
VOLUME /ledger
CMD ["ledger", "--help"]
