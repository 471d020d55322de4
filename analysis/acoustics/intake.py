"""Takes decoded frames one by one: counts, measures at the file's own rate, resamples; mixes at the end."""

from __future__ import annotations

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from analysis.acoustics.arrays import Bools, Float32s, Floats, Samples
from analysis.acoustics.errors import UnusableRecording
from analysis.acoustics.request import Limits
from analysis.acoustics.sound import LOUDEST_SAMPLE, RATE, Sound, Source, decibels

FULL_SCALE = 0.99  # of the largest value: a limiter or a codec leaves clipped tops just below 1.0
DEAD_BELOW = 40.0  # dB under the loudest channel: crosstalk of a socket with no microphone in it
# Interleaved: PyAV 18 reads past the last plane of a planar frame of eight channels, and crashes.
_FORMAT = "flt"
_BATCH = 32  # frames to measure at a time: one by one that takes longer than decoding them
CANCELS_BELOW = 0.25  # power of the mix over the channels' mean power: they are out of phase


class Intake:
    """Collects the frames of one file. What it holds is bounded by the limits: 16 kHz, at most so many
    channels, at most so many seconds, whatever the header says."""

    def __init__(self, limits: Limits, role: str) -> None:
        self._limits = limits
        self._role = role
        self._resampler: AudioResampler | None = None
        self._to_float: AudioResampler | None = None
        self._shape: tuple[int, str, str] | None = None
        self._pieces: list[Float32s] = []
        self._unmeasured: list[Float32s] = []
        self._squares: Floats = np.zeros(0)
        self._clipped: Floats = np.zeros(0)
        self._counted = 0
        self.rate = 0
        self.channels = 0
        self.seconds = 0.0

    def add(self, frame: AudioFrame) -> None:
        """Count, measure and resample one frame.

        Raises
        ------
        UnusableRecording
            ``too_long`` as soon as the limit is passed; ``too_many_channels``, ``unreadable``.
        """
        if frame.samples == 0:
            return
        self._check(frame)
        shape = (frame.sample_rate, frame.layout.name, frame.format.name)
        if shape != self._shape:
            self._start(frame, shape)
        assert self._to_float is not None and self._resampler is not None  # noqa: S101  (set by _start)
        own = [_samples(same) for same in self._to_float.resample(frame)]
        self._unmeasured += own
        if frame.sample_rate == RATE:
            self._pieces += own
        else:
            self._keep(self._resampler.resample(frame))
        if len(self._unmeasured) >= _BATCH:
            self._measure()

    def sound(self, codec: str, container: str, *, truncated: bool) -> Sound:
        """All that was taken, as mono sound.

        Raises
        ------
        UnusableRecording
            ``unreadable`` if nothing decoded; ``too_short`` or ``silent``.
        """
        self._flush()
        self._measure()
        if not self._pieces:
            raise UnusableRecording("unreadable", {"reason": "nothing decoded"}, self._role)
        power = self._squares / self._counted
        levels = tuple(decibels(float(value)) for value in power)
        live = np.array(levels) >= max(levels) - DEAD_BELOW
        mono = _mixed(np.concatenate(self._pieces, axis=1), live)
        source = Source(
            rate=self.rate,
            channels=self.channels,
            codec=codec,
            container=container,
            channel_levels=levels,
            dead_channels=int((~live).sum()),
            clipped_share=float(self._clipped[live].sum() / (self._counted * live.sum())),
            truncated=truncated,
        )
        return Sound.of(mono, source, role=self._role)

    def _check(self, frame: AudioFrame) -> None:
        channels = frame.layout.nb_channels
        if channels > self._limits.max_channels:
            figures = {"channels": channels, "most_channels": self._limits.max_channels}
            raise UnusableRecording("too_many_channels", figures, self._role)
        if frame.sample_rate <= 0 or channels < 1 or (self.channels and channels != self.channels):
            figures = {"rate": frame.sample_rate, "channels": channels}
            raise UnusableRecording("unreadable", figures, self._role)
        self.seconds += frame.samples / frame.sample_rate
        if self.seconds > self._limits.max_seconds:
            figures_s = {"most_seconds": self._limits.max_seconds}
            raise UnusableRecording("too_long", figures_s, self._role)

    def _start(self, frame: AudioFrame, shape: tuple[int, str, str]) -> None:
        """A stream may change its rate or format on the way; a resampler may not."""
        self._flush()
        self._shape = shape
        self._resampler = AudioResampler(format=_FORMAT, layout=frame.layout, rate=RATE)
        self._to_float = AudioResampler(format=_FORMAT, layout=frame.layout, rate=frame.sample_rate)
        if not self.channels:
            self.rate, self.channels = frame.sample_rate, frame.layout.nb_channels
            self._squares, self._clipped = np.zeros(self.channels), np.zeros(self.channels)

    def _measure(self) -> None:
        """Level and clipping of each channel at the file's own rate; resampling would round the tops off."""
        if not self._unmeasured:
            return
        values = np.concatenate(self._unmeasured, axis=1)
        self._unmeasured = []
        strange = int(np.count_nonzero(~(np.abs(values) <= LOUDEST_SAMPLE)))
        if strange:
            raise UnusableRecording("unreadable", {"samples_not_sound": strange}, self._role)
        self._squares += values.var(axis=1, dtype=np.float64) * values.shape[1]
        self._clipped += (np.abs(values) >= FULL_SCALE).sum(axis=1)
        self._counted += values.shape[1]

    def _keep(self, frames: list[AudioFrame]) -> None:
        self._pieces.extend(_samples(frame) for frame in frames)

    def _flush(self) -> None:
        if self._resampler is not None:
            self._keep(self._resampler.resample(None))
            self._resampler = None


def _samples(frame: AudioFrame) -> Float32s:
    """An interleaved frame as (channels, n), full scale 1.0."""
    interleaved = frame.to_ndarray().astype(np.float32, copy=False).reshape(-1, frame.layout.nb_channels)
    return interleaved.T


def _mixed(channels: Float32s, live: Bools) -> Samples:
    """The mean of the live channels: a dead one would cost 6 dB, two out of phase would cost everything."""
    used = channels[live]
    mono: Samples = used.mean(axis=0, dtype=np.float32)
    power = (used.astype(np.float64) ** 2).mean(axis=1)
    if float((mono.astype(np.float64) ** 2).mean()) < CANCELS_BELOW * float(power.mean()):
        mono = used[int(power.argmax())]
    return mono
