"""Settings of one process of the yardstick, read from the environment as pydantic-settings documents it."""

from functools import lru_cache

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BASELINE_")

    database_url: str = "postgresql+asyncpg://127.0.0.1/none"
    kafka_bootstrap: str = "127.0.0.1:1"
    kafka_username: str = ""
    kafka_password: str = ""
    jwks: str
    jwt_issuer: str
    jwt_audience: str
    topic_prefix: str = "baseline-"
    pool_size: int = 20
    remember_tokens: bool = False
    batches: bool = False


@lru_cache
def get_settings() -> Settings:
    return Settings()
