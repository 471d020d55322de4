"""What is decoded, and what is refused by name."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from analysis.acoustics import Limits, UnusableRecording, decode, ebml
from tests.acoustics.files import ENCODINGS, encode, silent_video, wav
from tests.acoustics.voices import RATE, Samples, say, with_noise


@pytest.fixture(scope="module")
def speech() -> Samples:
    made = say()
    return made * float(0.5 / np.abs(made).max())


def refusal(source: object, **options: object) -> UnusableRecording:
    with pytest.raises(UnusableRecording) as caught:
        decode(source, **options)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize("name", ENCODINGS)
def test_it_decodes_every_format_a_recorder_writes(name: str, speech: Samples, tmp_path: Path) -> None:
    sound = decode(encode(tmp_path / name, [speech, speech], encoding=ENCODINGS[name]))

    assert sound.samples.dtype == np.float32
    assert sound.seconds == pytest.approx(len(speech) / RATE, abs=0.12)
    assert sound.source.rate == ENCODINGS[name][2]
    assert not sound.source.truncated
    envelope = np.sqrt(np.convolve(sound.samples**2, np.ones(800) / 800, "same"))
    truth = np.sqrt(np.convolve(speech**2, np.ones(800) / 800, "same"))
    length = min(len(envelope), len(truth))
    lags = [np.corrcoef(envelope[lag:length], truth[: length - lag])[0, 1] for lag in range(0, 1300, 100)]
    assert max(lags) > 0.97


def test_it_reads_a_path_a_file_and_a_stream_that_cannot_seek(speech: Samples, tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    path.write_bytes(wav([speech]).getvalue())

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self._file = path.open("rb")

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            return self._file.read(size)

        def seekable(self) -> bool:
            return False

        def close(self) -> None:
            self._file.close()
            super().close()

    with path.open("rb") as file, Pipe() as pipe:
        file.seek(100)
        sounds = [decode(path), decode(str(path)), decode(file), decode(pipe)]  # type: ignore[arg-type]

    assert all(np.array_equal(sound.samples, sounds[0].samples) for sound in sounds)


def test_a_missing_file_is_the_worlds_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "gone.wav")


@pytest.mark.parametrize("rate", [8_000, 11_025, 48_000, 192_000])
def test_it_takes_any_rate_down_or_up_to_16_khz(rate: int) -> None:
    times = np.arange(rate) / rate
    sound = decode(wav([0.3 * np.sin(2 * np.pi * 440 * times)], rate))

    assert len(sound.samples) == pytest.approx(RATE, abs=40)
    spectrum = np.abs(np.fft.rfft(sound.samples))
    assert np.fft.rfftfreq(len(sound.samples), 1 / RATE)[spectrum.argmax()] == pytest.approx(440, abs=2)
    assert sound.samples[2000:-2000].std() == pytest.approx(0.3 / np.sqrt(2), rel=0.02)


def test_a_dead_channel_is_left_out_of_the_mix_and_told(speech: Samples) -> None:
    alone = decode(wav([speech]))
    sound = decode(wav([speech, np.zeros_like(speech)]))

    assert sound.source.dead_channels == 1
    assert sound.samples.std() == pytest.approx(alone.samples.std(), rel=0.01)


def test_channels_out_of_phase_do_not_cancel(speech: Samples) -> None:
    sound = decode(wav([speech, -speech]))

    assert sound.samples.std() == pytest.approx(speech.std(), rel=0.02)


@pytest.mark.parametrize("channels", [2, 3, 6, 8])
def test_it_mixes_up_to_eight_channels(channels: int, speech: Samples) -> None:
    sound = decode(wav([speech] * channels))

    assert sound.source.channels == channels
    assert sound.samples.std() == pytest.approx(speech.std(), rel=0.02)


def test_clipping_is_counted_before_resampling(speech: Samples) -> None:
    loud = np.clip(speech * 8, -1, 1)
    upsampled = np.repeat(loud, 3)

    assert decode(wav([upsampled], 48_000)).source.clipped_share == pytest.approx(
        np.mean(np.abs(loud) >= 0.99), abs=0.002
    )


def test_an_empty_file_is_refused() -> None:
    assert refusal(io.BytesIO()).code == "empty_file"


def test_a_file_over_the_limit_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "big.wav"
    with path.open("wb") as file:
        file.truncate(60 * 2**20)

    error = refusal(path)

    assert (error.code, error.figures["bytes"]) == ("too_large", 60 * 2**20)


@pytest.mark.parametrize("content", [b"just some text, no sound\n" * 50, b"RIFF", bytes(range(256)) * 40])
def test_what_is_no_sound_is_unreadable(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_bytes(content)

    assert refusal(path).code == "unreadable"


def test_a_playlist_cannot_make_it_open_other_files(speech: Samples, tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav([speech]).getvalue())

    assert refusal(io.BytesIO(f"ffconcat version 1.0\nfile {secret}\n".encode())).code == "unreadable"
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:3,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    assert refusal(io.BytesIO(playlist.encode())).code == "unreadable"


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    assert refusal(silent_video(tmp_path / "silent.mp4")).code == "no_audio"


def test_a_tenth_of_a_second_is_too_short() -> None:
    error = refusal(wav([0.1 * np.random.default_rng(0).normal(size=1600)]))

    assert (error.code, error.figures) == ("too_short", {"seconds": 0.1, "least_seconds": 0.3})


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_is_refused(level: float) -> None:
    assert refusal(wav([level * np.random.default_rng(0).normal(size=RATE)], floating=True)).code == "silent"


def test_too_many_channels_are_refused(speech: Samples) -> None:
    error = refusal(wav([speech[:RATE]] * 9))

    assert (error.code, error.figures["channels"]) == ("too_many_channels", 9)


class Counted(io.BytesIO):
    """Counts what is read of it."""

    total = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.total += len(piece)
        return piece


def test_ninety_minutes_are_refused_at_the_limit_and_in_little_memory() -> None:
    long = Counted(wav([np.zeros(5400 * 4_000)], 4_000).getvalue())

    tracemalloc.start()
    error = refusal(long)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert error.code == "too_long"
    assert long.total < 360 * 4_000 * 2  # 300 s and what was read ahead, not 5400
    assert peak < 64 * 2**20


def test_seconds_are_counted_on_what_decodes_not_on_the_header(speech: Samples) -> None:
    lying_short = wav([np.tile(speech, 4)], claims=0)

    assert refusal(lying_short, limits=Limits(max_seconds=4.0)).code == "too_long"


def test_a_header_that_claims_two_gigabytes_costs_nothing(speech: Samples) -> None:
    liar = wav([speech[:11_500]], claims=2 * 10**9)

    tracemalloc.start()
    sound = decode(liar)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert sound.source.truncated
    assert sound.seconds == pytest.approx(11_500 / RATE, abs=0.02)
    assert peak < 20 * 2**20


@pytest.mark.parametrize("name", ["speech.webm", "speech-opus.ogg", "speech.flac", "speech.mp3"])
def test_of_a_broken_off_file_it_decodes_what_is_there(name: str, speech: Samples, tmp_path: Path) -> None:
    whole = encode(tmp_path / name, [np.tile(speech, 3)], encoding=ENCODINGS[name]).read_bytes()

    sound = decode(io.BytesIO(whole[: len(whole) * 6 // 10]))

    assert 1.0 < sound.seconds < 0.8 * 3 * len(speech) / RATE


@pytest.mark.parametrize("name", ["speech.webm", "speech.flac", "speech.wav"])
def test_it_tells_that_a_file_is_broken_off(name: str, speech: Samples, tmp_path: Path) -> None:
    whole = encode(tmp_path / name, [np.tile(speech, 3)], encoding=ENCODINGS[name]).read_bytes()

    assert decode(io.BytesIO(whole[: len(whole) * 6 // 10])).source.truncated


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_samples_that_are_no_sound_are_unreadable(value: float, speech: Samples) -> None:
    samples = speech.copy()
    samples[RATE] = value

    assert refusal(wav([samples], floating=True)).code == "unreadable"


@pytest.mark.parametrize("rate", [0, 4_000_000_000])
def test_an_absurd_rate_is_unreadable(rate: int, speech: Samples) -> None:
    content = bytearray(wav([speech]).getvalue())
    content[24:28] = rate.to_bytes(4, "little")

    assert refusal(io.BytesIO(bytes(content))).code == "unreadable"


@pytest.mark.parametrize("name", ["speech.webm", "speech.m4a", "speech.mp3", "speech.flac", "speech.wav"])
def test_damaged_bytes_never_raise_anything_else(name: str, speech: Samples, tmp_path: Path) -> None:
    whole = encode(tmp_path / name, [speech], encoding=ENCODINGS[name]).read_bytes()
    draw = np.random.default_rng(0)
    for _ in range(25):
        damaged = bytearray(whole)
        for at in draw.integers(0, len(damaged), 30):
            damaged[at] = int(draw.integers(0, 256))
        try:
            sound = decode(io.BytesIO(bytes(damaged)), limits=Limits(max_seconds=20))
        except UnusableRecording:
            continue
        assert np.isfinite(sound.samples).all()


def test_the_error_says_which_of_the_two_it_is() -> None:
    error = refusal(io.BytesIO(), role="example")

    assert error.role == "example"
    assert str(error) == "example: empty_file"


def test_an_error_while_reading_is_not_the_recordings_fault(speech: Samples) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("disk on fire")

    with pytest.raises(OSError, match="disk on fire"):
        decode(Broken(wav([with_noise(speech, 20)]).getvalue()))


def live_webm(*elements: bytes) -> io.BytesIO:
    """A header, then a segment and a cluster of unknown size, as a browser writes them."""
    return io.BytesIO(
        b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\xff" + b"\x1f\x43\xb6\x75\xff" + b"".join(elements)
    )


BLOCK = b"\xa3\x84abcd"


@pytest.mark.parametrize(
    ("stream", "broken"),
    [
        (live_webm(), False),
        (live_webm(BLOCK, BLOCK), False),
        (live_webm(BLOCK, BLOCK[:-1]), True),
        (live_webm(BLOCK, BLOCK[:1]), True),
        (live_webm(b"\x00" * 9), True),
        (live_webm(b"\xec\xff"), False),
        (io.BytesIO(b"\xec\x80" * 300_000), False),
    ],
)
def test_a_webm_without_a_length_tells_by_its_last_element(stream: io.BytesIO, broken: bool) -> None:
    stream.seek(3)
    assert ebml.is_broken_off(stream) is broken
    assert stream.tell() == 3
