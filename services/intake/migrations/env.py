"""Alembic's entry; the work is the chassis'."""

from services.chassis.log.migrations import run_env

run_env()
