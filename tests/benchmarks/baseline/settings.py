"""Settings of one process of the yardstick, read from the environment as pydantic-settings documents it."""

from functools import lru_cache

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BASELINE_")

    database_url: str
    kafka_bootstrap: str
    kafka_username: str = ""
    kafka_password: str = ""
    jwks: str
    jwt_issuer: str
    jwt_audience: str
    topic_prefix: str = "baseline-"
    pool_size: int = 20


@lru_cache
def get_settings() -> Settings:
    return Settings()
