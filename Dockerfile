# The program in a container: slim, not root, needs no disk but the folder /work (settings, workbook, journal).
# docker build -t reconcile . && docker run --rm reconcile --help
FROM python:3.13-slim AS build
COPY .github/action/requirements.txt /src/
RUN python -m venv /opt/reconcile \
    && /opt/reconcile/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --requirement /src/requirements.txt
COPY pyproject.toml README.md LICENSE /src/
COPY .github/release/requirements.txt /src/build-requirements.txt
COPY reconcile /src/reconcile
COPY sheets_templates /src/sheets_templates
RUN python -m pip install --no-cache-dir --require-hashes --requirement /src/build-requirements.txt \
    && python -m build --no-isolation --wheel --outdir /dist /src \
    && /opt/reconcile/bin/pip install --no-cache-dir --no-deps --no-index /dist/*.whl

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home --home-dir /work --shell /usr/sbin/nologin reconcile
COPY --from=build /opt/reconcile /opt/reconcile
ENV PATH="/opt/reconcile/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    RECONCILE_STATE_DIR=/work/.reconcile
USER 10001:10001
WORKDIR /work
VOLUME /work
HEALTHCHECK --interval=5m --timeout=30s --start-period=2m CMD ["reconcile", "status", "--max-age", "30m"]
ENTRYPOINT ["reconcile"]
CMD ["--help"]
