"""Papers in a viewer: drawn for the officer in a sandbox, written down, and broken by nothing."""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Callable
from uuid import UUID

import pytest
import typst

from services.processing.pages import drawing, viewer
from services.processing.pages.drawing import Drawing
from tests.intake.papers.sending import JPEG, PDF
from tests.pages.test_counter import COUNTER, filled
from tests.pages.test_register import readers
from tests.pages.town import Town, Visitor

Visit = Callable[[str], Visitor]
PNG_BEGINS = b"\x89PNG\r\n\x1a\n"


def a_pdf(pages: int) -> bytes:
    source = "#pagebreak()\n".join(f"Trang {n}\n" for n in range(1, pages + 1))
    made = typst.compile(f'#set page(paper: "a6")\n{source}'.encode(), ignore_system_fonts=True)
    assert isinstance(made, bytes)
    return made


def a_picture() -> bytes:
    made = typst.compile(b"#set page(width: 5cm, height: 3cm)\nXin", format="png", ignore_system_fonts=True)
    assert isinstance(made, bytes)
    return made


async def brought(
    town: Town, desk: Visitor, files: dict[str, tuple[str, bytes]]
) -> tuple[UUID, dict[str, str]]:
    """A dossier filed at the counter with these files; each file's address by its name."""
    page = await desk.upload(await filled(desk), COUNTER, files, step="check")
    done = await desk.send(page, COUNTER, confirmed="1")
    assert done.status_code == 303, done.text
    await town.tell()
    dossier_id = UUID(done.headers["location"].rpartition("/")[2])
    shown = (await desk.get(f"/dossiers/{dossier_id}?people=1")).text
    found = re.findall(r'href="(/dossiers/[^"]*/papers/[0-9a-f-]{36})" download>([^<]*)<', shown)
    for path, name in found:
        assert (f"{path}/view" in shown) is not name.endswith("zip")
    return dossier_id, {name: path for path, name in found}


async def test_a_paper_is_shown_in_a_sandbox(town: Town, visit: Visit) -> None:
    desk, other = visit("processing"), visit("processing")
    await desk.log_in("chuyen-vien-2")
    await other.log_in("giu-lich-1")
    dossier_id, paths = await brought(
        town, desk, {"file-1": ("Đơn.pdf", a_pdf(7)), "file-2": ("ảnh.png", a_picture())}
    )
    before = len(await readers(town, dossier_id))
    page = await desk.get(f"{paths['Đơn.pdf']}/view")
    assert page.status_code == 200 and '<iframe class="paper" sandbox title=' in page.text
    assert f'src="{paths["Đơn.pdf"]}/frame?from=1&amp;zoom=100' in page.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert len(await readers(town, dossier_id)) == before, "the page around the frame opens no paper"
    frame = await desk.get(f"{paths['Đơn.pdf']}/frame")
    assert frame.status_code == 200, frame.text
    policy = frame.headers["content-security-policy"]
    assert "; sandbox;" in policy and "frame-ancestors 'self'" in policy and "script-src" not in policy
    assert policy.startswith("default-src 'none'") and frame.headers["x-content-type-options"] == "nosniff"
    assert frame.headers["cache-control"] == "no-store" and frame.headers["content-type"].startswith(
        "text/html"
    )
    assert await readers(town, dossier_id) and len(await readers(town, dossier_id)) == before + 1
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', frame.text)
    assert len(pictures) == 5 and "<strong>Đơn.pdf</strong> Trang 1 đến 5 trong 7 trang" in frame.text
    assert all(base64.b64decode(each).startswith(PNG_BEGINS) for each in pictures)
    rest = await desk.get(f"{paths['Đơn.pdf']}/frame?from=6&zoom=200&lang=en")
    assert "Pages 6 to 7 of 7." in rest.text and "width: 200%" in rest.text
    beyond = await desk.get(f"{paths['Đơn.pdf']}/frame?from=8&lang=vi")
    assert "Tệp này chỉ có 7 trang." in beyond.text
    picture = await desk.get(f"{paths['ảnh.png']}/frame?from=x&zoom=y")
    assert picture.text.count("data:image/png") == 1 and "Trang 1 đến 1 trong 1 trang" in picture.text
    for path in ("view", "frame"):
        assert (await other.get(f"{paths['Đơn.pdf']}/{path}")).status_code == 403
        assert (await desk.get(f"/dossiers/{UUID(int=1)}/papers/{UUID(int=2)}/{path}")).status_code == 404
    missing = await desk.get(f"/dossiers/{dossier_id}/papers/{UUID(int=2)}/frame")
    assert missing.status_code == 503 and "sandbox" in missing.headers["content-security-policy"]


async def test_a_paper_that_cannot_be_drawn_breaks_nothing(
    town: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = visit("processing")
    await desk.log_in("mot-cua")
    archive = b"PK\x03\x04" + b"\0" * 40 + b"PK\x05\x06" + b"\0" * 18
    _, paths = await brought(
        town,
        desk,
        {"file-1": ("hỏng.pdf", PDF), "file-2": ("hỏng.jpg", JPEG), "file-3": ("gói.zip", archive)},
    )
    for name in ("hỏng.pdf", "hỏng.jpg", "gói.zip"):
        answer = await desk.get(f"{paths[name]}/frame")
        assert answer.status_code == 422 and "không xem được tại đây" in answer.text, name
        assert "data:image" not in answer.text
    monkeypatch.setattr(viewer, "PAPER_BYTES_MAX", 10)
    assert (await desk.get(f"{paths['hỏng.pdf']}/frame")).status_code == 422
    with tempfile.TemporaryFile() as paper:
        paper.write(a_pdf(1))
        paper.seek(0)
        monkeypatch.setattr(drawing, "DRAW_SECONDS_MAX", 0.0)
        assert await Drawing().pages(paper, "application/pdf", 1, 1, 90) is None, (
            "what takes too long is ended"
        )
