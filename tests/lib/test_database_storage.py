"""Files in the database: read in parts from any machine, and those of an earlier version still found."""

import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csat.lib import database_storage
from csat.lib.database_storage import DatabaseStorage, StoredChunk, StoredFile

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_storage, "CHUNK", 10)


@pytest.fixture
def storage(settings, tmp_path: Path) -> DatabaseStorage:
    settings.MEDIA_ROOT = tmp_path
    return DatabaseStorage()


def test_what_is_saved_is_read_again_in_parts(storage, django_assert_num_queries):
    name = storage.save("exports/a.csv", ContentFile(b"0123456789abcdefghij-"))
    assert (name, storage.size(name), StoredChunk.objects.count()) == ("exports/a.csv", 21, 3)
    with storage.open(name) as file, django_assert_num_queries(3):
        assert [file.read(4), file.read(9), file.read(), file.read()] == [
            b"0123", b"456789abc", b"defghij-", b"",
        ]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(
    content=st.binary(max_size=45),
    moves=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 30)), max_size=5),
)
def test_it_reads_like_any_file_wherever_one_seeks_to(storage, content, moves):
    name, like = storage.save("exports/any", ContentFile(content)), io.BytesIO(content)
    with storage.open(name) as file:
        for place, length in moves:
            assert (file.seek(place), file.read(length)) == (like.seek(place), like.read(length))
        assert (file.seek(-1, 2) if content else 0) == (like.seek(-1, 2) if content else 0)
    storage.delete(name)


def test_a_workbook_is_read_from_it(storage):
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("sheet.xml", "<row/>" * 20)
    name = storage.save("imports/book.xlsx", ContentFile(book.getvalue()))
    with storage.open(name) as file, zipfile.ZipFile(file) as archive:
        assert archive.read("sheet.xml") == b"<row/>" * 20


def test_it_may_be_opened_again(storage):
    file = storage.open(storage.save("exports/a.csv", ContentFile(b"rows")))
    assert (file.size, file.read(), file.open().read()) == (4, b"rows", b"rows")
    file.close()
    with file.open("rb") as again:
        assert again.read() == b"rows"


def test_a_name_that_is_taken_gets_another(storage):
    first, second = (storage.save("exports/a.csv", ContentFile(text)) for text in (b"one", b"two"))
    assert first != second
    assert (storage.open(first).read(), storage.open(second).read()) == (b"one", b"two")


def test_half_a_file_is_never_there(storage):
    class Broken(ContentFile):
        def chunks(self, chunk_size=None):
            yield b"half"
            raise OSError("the machine stumbles")

    with pytest.raises(OSError, match="stumbles"):
        storage.save("exports/a.csv", Broken(b"half and half"))
    assert not StoredFile.objects.exists()


def test_what_is_deleted_is_gone_with_its_content(storage):
    name = storage.save("exports/a.csv", ContentFile(b"0123456789abc"))
    file = storage.open(name)
    storage.delete(name)
    assert (storage.exists(name), StoredChunk.objects.count()) == (False, 0)
    with pytest.raises(OSError, match="deleted while it was read"):
        file.read()


def test_files_of_an_earlier_version_are_found_and_deleted_in_their_folder(storage):
    FileSystemStorage().save("brand/logo.png", ContentFile(b"old"))
    assert (storage.exists("brand/logo.png"), storage.size("brand/logo.png")) == (True, 3)
    assert storage.open("brand/logo.png").read() == b"old"
    assert storage.get_modified_time("brand/logo.png")
    storage.save("brand/new.png", ContentFile(b"new"))
    assert storage.listdir("brand") == ([], ["logo.png", "new.png"])
    storage.delete("brand/logo.png")
    assert not storage.exists("brand/logo.png")


def test_another_machine_has_them_too(storage, settings, tmp_path_factory):
    name = storage.save("exports/a.csv", ContentFile(b"rows"))
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("another")
    assert DatabaseStorage().open(name).read() == b"rows"


def test_a_file_that_is_nowhere_is_told_as_by_any_storage(storage):
    with pytest.raises(FileNotFoundError):
        storage.open("exports/none.csv")
