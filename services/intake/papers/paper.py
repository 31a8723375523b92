"""A paper over HTTP: as it is filed, and as who may open it sees it."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class PaperFiled(BaseModel):
    """A file that was uploaded before, as one of the papers that the procedure asks for."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    file_id: UUID = Field(
        examples=["01980d5e-5b7c-7c21-8a52-0d6c5f6a1b44"],
        strict=False,
        description="Of an upload of the same caller.",
    )
    paper: int | None = Field(
        examples=[1],
        default=None,
        ge=1,
        le=100,
        description="Its place among the procedure's papers; null for another.",
    )


class Paper(BaseModel):
    """A paper of a dossier, as who may open it sees it."""

    sequence: int = Field(
        examples=[1], description="With which of the applicant's acts it came: 1 is the filing."
    )
    paper: int | None = Field(
        examples=[1], description="Its place among the procedure's papers; null for another."
    )
    file_id: UUID
    name: str = Field(examples=["Đơn đề nghị.pdf"], description="As it is given back.")
    size: int = Field(examples=[204800], description="In bytes.")
    media_type: str = Field(examples=["application/pdf"], description="By its content.")
    sha256: str = Field(
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        description="Of its content.",
    )
    scanned: bool | None = Field(
        examples=[True],
        description="Whether a scanner found it clean; null: not asked yet; false: there is none.",
    )
    there: bool = Field(
        examples=[True], description="False once the dossier's key was destroyed, or harm was found in it."
    )
