"""Random numbers under the names of the MobileNet that knows faces."""

import numpy as np
from numpy.typing import NDArray

from fer_batch.training.network.mobile_faces import SPREAD, STAGES


def mobile_weights() -> dict[str, NDArray[np.float32]]:
    """The same each time; activations stay of one size from layer to layer."""
    rng = np.random.default_rng(0)

    def some(*shape: int) -> NDArray[np.float32]:
        return rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(np.float32)

    found = {
        "conv1/convolution/merged_input": some(3, 3, 3, 32) / np.float32(SPREAD),
        "conv1_bn/batchnorm_1/sub": some(1, 32)[0],
    }
    inputs = 32
    for number, (channels, _) in enumerate(STAGES, 1):
        found |= {
            f"conv_dw_{number}/depthwise_kernel": some(3, 3, inputs, 1),
            f"conv_dw_{number}_bn/batchnorm_1/mul": some(1, inputs)[0],
            f"conv_dw_{number}_bn/batchnorm_1/sub": some(1, inputs)[0],
            f"conv_pw_{number}/convolution/merged_input": some(1, 1, inputs, channels),
            f"conv_pw_{number}_bn/batchnorm_1/sub": some(1, channels)[0],
        }
        inputs = channels
    return found
