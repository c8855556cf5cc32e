# syntax=docker/dockerfile:1
# Three stages: what both need, the tests (`docker build --target test .`), and the one that serves.

FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    CRM_DATA=/crm/var
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        wkhtmltopdf fonts-dejavu-core fonts-noto-core fonts-wqy-zenhei \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /crm --shell /usr/sbin/nologin crm \
    && install --directory --owner crm /crm /crm/var
WORKDIR /crm
COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt
COPY --chown=crm pyproject.toml README.md LICENSE config.py run.py gunicorn.conf.py ./
COPY --chown=crm app ./app
COPY --chown=crm migrations ./migrations
RUN pip install --no-deps --no-build-isolation -e . \
    && pybabel compile --directory app/translations

FROM base AS test
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql chromium poppler-utils nginx-light \
    && rm -rf /var/lib/apt/lists/*
COPY requirements-dev.txt ./
RUN pip install --require-hashes -r requirements-dev.txt
COPY --chown=crm . .
USER crm
CMD ["python", "-m", "pytest"]

FROM base AS web
USER crm
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "run:app"]
