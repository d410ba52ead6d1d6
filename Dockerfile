# One image for web, workers, beat and migrations; PostgreSQL and Redis are their own services.
FROM python:3.12-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

FROM python:3.12-slim-bookworm
RUN useradd --uid 10001 --create-home --home-dir /data newsroom
COPY --from=build /venv /venv
COPY --chown=root:root . /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=newsroom.settings DATA_DIR=/data STATIC_ROOT=/data/static BIND=0.0.0.0 LOG_SHAPE=json
USER newsroom
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "help"]
