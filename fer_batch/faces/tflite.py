"""Writing a small convolutional network as a TensorFlow Lite model, for LiteRT to run.

The format is FlatBuffers; slots and codes are those of ``schema.fbs`` (version 3). TensorFlow's own
converter would take ten seconds and half a gigabyte to do the same at each start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flatbuffers
import numpy as np

from fer_batch.faces.eight_bits import EightBits
from fer_batch.types import FloatArray

# BuiltinOperator.
ADD, AVERAGE_POOL_2D, CONV_2D, DEPTHWISE_CONV_2D, MAX_POOL_2D, PAD = 0, 1, 3, 4, 17, 34
RESIZE_NEAREST_NEIGHBOR = 97
# BuiltinOptions.
CONV_OPTIONS, DEPTHWISE_OPTIONS, POOL_OPTIONS, ADD_OPTIONS, PAD_OPTIONS = 1, 2, 5, 11, 22
NEAREST_OPTIONS = 74
SAME, VALID = 0, 1  # Padding
NO_ACTIVATION, RELU = 0, 1  # ActivationFunctionType
FLOAT32, INT32, INT8 = 0, 2, 9  # TensorType
EIGHT_BITS_BY_CHANNEL = 5  # the first version of CONV_2D that may have such weights

Options = Callable[[Any], int]


class ModelWriter:
    """Collects tensors and operations, then gives the model's bytes. One picture at a time, NHWC.

    Tensors are known by their number; operations return that of their result.
    """

    def __init__(self) -> None:
        self._builder: Any = None  # made when it is known how much it will hold
        self._tensors: list[tuple[tuple[int, ...], int, int]] = []  # shape, type, buffer
        self._scales: dict[int, FloatArray] = {}  # of tensors with eight bits
        self._buffers: list[memoryview] = [memoryview(b"")]
        self._operators: list[tuple[int, tuple[int, ...], int, int, Options]] = []
        self._inputs: list[int] = []

    def input(self, height: int, width: int, channels: int) -> int:
        """A picture of that size, ``float32``."""
        self._inputs.append(self._tensor((1, height, width, channels), FLOAT32))
        return self._inputs[-1]

    def shape(self, tensor: int) -> tuple[int, ...]:
        return self._tensors[tensor][0]

    def convolve(
        self,
        tensor: int,
        weights: FloatArray | EightBits,
        bias: FloatArray,
        stride: int,
        relu: bool,
        pad: bool,
    ) -> int:
        """Convolution; ``weights [out, h, w, in]``, ``float32`` or with eight bits: LiteRT then
        rounds what it is given to eight bits too, by the largest of each picture. ``pad``: keep the
        size (at stride 1)."""
        out, rows, columns, _ = weights.shape
        height, width = self._after(tensor, rows, columns, stride, pad)
        inputs = (tensor, self._kernel(weights), self._constant(bias))

        def options(b: Any) -> int:
            b.StartObject(6)
            b.PrependInt8Slot(0, SAME if pad else VALID, 0)
            b.PrependInt32Slot(1, stride, 0)
            b.PrependInt32Slot(2, stride, 0)
            b.PrependInt8Slot(3, RELU if relu else NO_ACTIVATION, 0)
            return int(b.EndObject())

        return self._operate(CONV_2D, inputs, (1, height, width, out), CONV_OPTIONS, options)

    def convolve_each(self, tensor: int, weights: FloatArray, bias: FloatArray, relu: bool) -> int:
        """Each channel by itself, keeping the size; ``weights float32[1, h, w, channels]``."""
        inputs = (tensor, self._constant(weights), self._constant(bias))

        def options(b: Any) -> int:
            b.StartObject(7)
            b.PrependInt8Slot(0, SAME, 0)
            b.PrependInt32Slot(1, 1, 0)
            b.PrependInt32Slot(2, 1, 0)
            b.PrependInt32Slot(3, 1, 0)  # depth multiplier
            b.PrependInt8Slot(4, RELU if relu else NO_ACTIVATION, 0)
            return int(b.EndObject())

        shape = self.shape(tensor)
        return self._operate(DEPTHWISE_CONV_2D, inputs, shape, DEPTHWISE_OPTIONS, options)

    def pool(self, tensor: int, size: int, stride: int = 0, mean: bool = False) -> int:
        """The largest, or the ``mean``, of ``size`` x ``size`` pixels, each ``stride`` pixels
        (as many as ``size`` by default)."""
        stride = stride or size
        height, width = self._after(tensor, size, size, stride, False)

        def options(b: Any) -> int:
            b.StartObject(6)
            b.PrependInt8Slot(0, VALID, 0)
            for slot, value in ((1, stride), (2, stride), (3, size), (4, size)):
                b.PrependInt32Slot(slot, value, 0)
            return int(b.EndObject())

        shape = (1, height, width, self.shape(tensor)[3])
        code = AVERAGE_POOL_2D if mean else MAX_POOL_2D
        return self._operate(code, (tensor,), shape, POOL_OPTIONS, options)

    def fill_up(self, tensor: int, height: int, width: int, channels: int) -> int:
        """Zeros below, to the right and in new channels up to that size."""
        shape = (1, height, width, channels)
        if self.shape(tensor) == shape:
            return tensor
        behind = [(0, new - old) for new, old in zip(shape, self.shape(tensor), strict=True)]
        inputs = (tensor, self._constant(np.array(behind, np.int32)))
        return self._operate(PAD, inputs, shape, PAD_OPTIONS, _empty(0))

    def enlarge(self, tensor: int, times: int) -> int:
        """Each pixel as ``times`` x ``times`` pixels."""
        _, height, width, channels = self.shape(tensor)
        size = np.array([height * times, width * times], np.int32)
        inputs = (tensor, self._constant(size))
        shape = (1, int(size[0]), int(size[1]), channels)
        return self._operate(RESIZE_NEAREST_NEIGHBOR, inputs, shape, NEAREST_OPTIONS, _empty(2))

    def add(self, first: int, second: int, relu: bool = False) -> int:
        """The sum of two tensors of one shape."""

        def options(b: Any) -> int:
            b.StartObject(2)
            b.PrependInt8Slot(0, RELU if relu else NO_ACTIVATION, 0)
            return int(b.EndObject())

        return self._operate(ADD, (first, second), self.shape(first), ADD_OPTIONS, options)

    def model(self, outputs: Sequence[int]) -> bytes:
        """The file's bytes; ``outputs``: the tensors to be read after a run."""
        size = sum(len(data) + 64 for data in self._buffers) + (1 << 19)
        b = self._builder = flatbuffers.Builder(size)
        codes = sorted({operator[0] for operator in self._operators})
        subgraph = self._subgraph(codes, outputs)
        operator_codes = self._vector([self._code(code) for code in codes])
        buffers = self._vector([self._buffer(data) for data in self._buffers])
        subgraphs = self._vector([subgraph])
        b.StartObject(5)
        b.PrependUint32Slot(0, 3, 0)  # version of the schema
        b.PrependUOffsetTRelativeSlot(1, operator_codes, 0)
        b.PrependUOffsetTRelativeSlot(2, subgraphs, 0)
        b.PrependUOffsetTRelativeSlot(4, buffers, 0)
        b.Finish(b.EndObject(), b"TFL3")
        return bytes(memoryview(b.Bytes)[b.Head() :])  # copied once; Output() would be another

    def _after(
        self, tensor: int, rows: int, columns: int, stride: int, pad: bool
    ) -> tuple[int, int]:
        _, height, width, _ = self.shape(tensor)
        if pad:
            return -(-height // stride), -(-width // stride)
        return (height - rows) // stride + 1, (width - columns) // stride + 1

    def _tensor(self, shape: tuple[int, ...], kind: int, buffer: int = 0) -> int:
        self._tensors.append((shape, kind, buffer))
        return len(self._tensors) - 1

    def _constant(self, values: np.ndarray) -> int:
        self._buffers.append(_raw(values))
        kind = INT32 if values.dtype == np.int32 else FLOAT32
        return self._tensor(values.shape, kind, len(self._buffers) - 1)

    def _kernel(self, weights: FloatArray | EightBits) -> int:
        if not isinstance(weights, EightBits):
            return self._constant(weights)
        self._buffers.append(_raw(weights.values))
        number = self._tensor(weights.shape, INT8, len(self._buffers) - 1)
        self._scales[number] = weights.scale
        return number

    def _operate(
        self, code: int, inputs: tuple[int, ...], shape: tuple[int, ...], kind: int, table: Options
    ) -> int:
        result = self._tensor(shape, FLOAT32)
        self._operators.append((code, inputs, result, kind, table))
        return result

    def _subgraph(self, codes: list[int], outputs: Sequence[int]) -> int:
        b = self._builder
        operators = []
        for code, inputs, result, kind, options in self._operators:
            table, sources, results = options(b), self._numbers(inputs), self._numbers([result])
            b.StartObject(9)
            b.PrependUint32Slot(0, codes.index(code), 0)
            b.PrependUOffsetTRelativeSlot(1, sources, 0)
            b.PrependUOffsetTRelativeSlot(2, results, 0)
            b.PrependUint8Slot(3, kind, 0)
            b.PrependUOffsetTRelativeSlot(4, table, 0)
            operators.append(b.EndObject())
        tensors = []
        for number, (shape, kind, buffer) in enumerate(self._tensors):
            dimensions, scaled = self._numbers(shape), self._scaled(number)
            b.StartObject(8)
            b.PrependUOffsetTRelativeSlot(0, dimensions, 0)
            b.PrependInt8Slot(1, kind, 0)
            b.PrependUint32Slot(2, buffer, 0)
            b.PrependUOffsetTRelativeSlot(4, scaled, 0)
            tensors.append(b.EndObject())
        parts = [self._vector(tensors), self._numbers(self._inputs), self._numbers(outputs)]
        parts.append(self._vector(operators))
        b.StartObject(5)
        for slot, part in enumerate(parts):
            b.PrependUOffsetTRelativeSlot(slot, part, 0)
        return int(b.EndObject())

    def _scaled(self, number: int) -> int:
        """How a tensor of eight bits is to be read, for each channel that its kernels make; 0 for
        the others."""
        if number not in self._scales:
            return 0
        b, scale = self._builder, self._scales[number]
        scales = b.CreateNumpyVector(np.asarray(scale, np.float32))
        zeros = b.CreateNumpyVector(np.zeros(len(scale), np.int64))
        b.StartObject(7)
        b.PrependUOffsetTRelativeSlot(2, scales, 0)
        b.PrependUOffsetTRelativeSlot(3, zeros, 0)
        return int(b.EndObject())

    def _code(self, code: int) -> int:
        b = self._builder
        b.StartObject(4)
        b.PrependInt8Slot(0, code, 0)
        b.PrependInt32Slot(2, EIGHT_BITS_BY_CHANNEL if code == CONV_2D else 1, 1)  # version
        b.PrependInt32Slot(3, code, 0)
        return int(b.EndObject())

    def _buffer(self, data: memoryview) -> int:
        b = self._builder
        content = None
        if data:
            b.StartVector(1, len(data), 16)  # aligned as LiteRT asks
            b.head -= len(data)
            # Through a view: a bytearray would copy what it is given first.
            memoryview(b.Bytes)[b.head : b.head + len(data)] = data
            content = b.EndVector()
        b.StartObject(3)
        if content is not None:
            b.PrependUOffsetTRelativeSlot(0, content, 0)
        return int(b.EndObject())

    def _numbers(self, numbers: Sequence[int]) -> int:
        return int(self._builder.CreateNumpyVector(np.array(numbers, np.int32)))

    def _vector(self, offsets: Sequence[int]) -> int:
        b = self._builder
        b.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            b.PrependUOffsetTRelative(offset)
        return int(b.EndVector())


def _raw(values: np.ndarray) -> memoryview:
    """The bytes of an array, not copied where they lie in order."""
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8).data


def _empty(slots: int) -> Options:
    """A table with every value as by default."""

    def options(b: Any) -> int:
        b.StartObject(slots)
        return int(b.EndObject())

    return options
