from __future__ import annotations

import multiprocessing
import pickle
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import formwork
import pytest

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'
JOB = {
    "tasks": {
        "in": {"operation": "import/bytes"},
        "work": {"operation": "convert", "input": "in", "output_format": "png"},
        "out": {"operation": "export/bytes", "input": "work"},
    }
}


@pytest.fixture(scope="module")
def engine() -> Iterator[formwork.Engine]:
    with formwork.Engine() as engine:
        yield engine


def test_one_line_converts_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_bytes(SVG)
    receipt = formwork.convert(tmp_path / "a.svg", tmp_path / "a.png", width=10)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert receipt["route"]
    with pytest.raises(formwork.FormworkError):
        formwork.convert(tmp_path / "a.svg", tmp_path / "a.png")
    formwork.convert(tmp_path / "a.svg", tmp_path / "a.png", overwrite=True)


def test_bytes_become_an_output(engine: formwork.Engine, tmp_path: Path) -> None:
    output = engine.convert(SVG, to="png", name="logo.svg")
    assert (output.name, output.format, output.media_type) == ("logo.png", "png", "image/png")
    assert output.receipt is not None
    data = bytes(output)
    assert data.startswith(b"\x89PNG") and len(data) == len(output)
    assert output.read(1, 3) == b"PNG" and output.read(len(output)) == b""
    output.save(tmp_path / "logo.png")
    assert (tmp_path / "logo.png").read_bytes() == data


def test_failures_say_whose_fault_they_are(engine: formwork.Engine) -> None:
    with pytest.raises(formwork.FormworkError) as caught:
        engine.convert(SVG, to="png", name="a.svg", widht=3)
    error = caught.value
    assert (error.kind, error.http) == ("invalid_request", 400)
    assert error.hint is not None and "width" in error.hint
    assert pickle.loads(pickle.dumps(error)).details == error.details
    with pytest.raises(formwork.FormworkError) as caught:
        engine.convert(b"%PDF-1.7", to="png", name="a.pdf")
    assert (caught.value.kind, caught.value.http) == ("corrupt_input", 422)
    with pytest.raises(formwork.FormworkError) as caught:
        engine.submit({"tasks": {"in": {"operation": "import/nothing"}}})
    assert caught.value.kind == "invalid_request"


def test_limits_hold() -> None:
    with formwork.Engine(limits={"pixels": 10}) as engine:
        with pytest.raises(formwork.FormworkError) as caught:
            engine.convert(SVG, to="png", name="a.svg")
        assert caught.value.limit == "pixels"


def test_it_tells_what_it_knows(engine: formwork.Engine) -> None:
    assert engine.probe(SVG, name="a.svg")["format"] == "svg"
    assert any(format["id"] == "png" and format["read"] for format in engine.formats())
    assert "png" in engine.targets("svg")
    assert any(option["name"] == "width" for option in engine.options("svg", "png"))


def test_jobs(engine: formwork.Engine) -> None:
    heard: list[str] = []
    job = engine.submit(
        JOB, inputs={"in": (SVG, "a.svg")}, listener=lambda event: heard.append(event["event"])
    )
    assert job.wait(timeout=30)
    assert (job.state, job.progress) == ("finished", 1.0)
    assert job.status()["tasks"] == {"in": "finished", "work": "finished", "out": "finished"}
    assert [output.name for output in job.outputs()] == ["a.png"]
    assert {task["task"] for task in job.report()} == {"in", "work", "out"}
    assert "finished" in heard


def test_a_job_that_fails_raises(engine: formwork.Engine) -> None:
    job = engine.submit(JOB, inputs={"in": (b"%PDF-1.7", "a.pdf")})
    with pytest.raises(formwork.FormworkError):
        job.wait()
    assert job.state == "error"
    job.retry("work")
    with pytest.raises(formwork.FormworkError):
        job.wait()


def test_jobs_are_cancelled() -> None:
    # Without a free thread the job waits.
    with formwork.Engine(threads=1) as engine:
        jobs = [engine.submit(JOB, inputs={"in": (SVG, "a.svg")}) for _ in range(20)]
        jobs[-1].cancel()
        with pytest.raises(formwork.FormworkError) as caught:
            jobs[-1].wait()
        assert caught.value.kind == "cancelled"
        assert all(job.wait() for job in jobs[:-1])


def test_progress_is_heard_and_its_exceptions_come_back(engine: formwork.Engine) -> None:
    text = ("<p>" + "word " * 400 + "</p>") * 400

    def refuse(done: float) -> bool:
        raise LookupError(done)

    heard: list[float] = []
    engine.convert(text.encode(), to="pdf", name="a.html", progress=heard.append)
    if heard:
        assert all(0 <= done <= 1 for done in heard)
        with pytest.raises(LookupError):
            engine.convert(text.encode(), to="pdf", name="a.html", progress=refuse)


def test_threads_convert_side_by_side(engine: formwork.Engine) -> None:
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    clock = threading.Thread(target=tick)
    clock.start()
    with ThreadPoolExecutor(8) as pool:
        outputs = list(
            pool.map(
                lambda width: engine.convert(SVG, to="png", name="a.svg", width=width),
                range(10, 18),
            )
        )
    done.set()
    clock.join()
    assert len({bytes(output) for output in outputs}) == 8
    assert ticks > 1


def test_a_closed_engine_says_so() -> None:
    engine = formwork.Engine()
    job = engine.submit(JOB, inputs={"in": (SVG, "a.svg")})
    job.wait()
    engine.close()
    engine.close()
    assert job.outputs()[0].name == "a.png"
    with pytest.raises(RuntimeError):
        engine.convert(SVG, to="png", name="a.svg")


def converts_in_a_child() -> None:
    assert formwork.convert(SVG, to="png", name="a.svg").format == "png"


def test_a_child_of_a_fork_has_its_own_engine(engine: formwork.Engine) -> None:
    converts_in_a_child()
    child = multiprocessing.get_context("fork").Process(target=converts_in_a_child)
    child.start()
    child.join(60)
    assert child.exitcode == 0
