// Where the CUDA module, loaded when a GPU is asked for, tells the tensor interface how to find a device's stream.
#pragma once
#include "abi/handles.hpp"

namespace basin {

// The current cudaStream_t of a CUDA tensor's device.
using StreamHook = void* (*)(const Tensor&);
void set_stream_hook(StreamHook hook);

}  // namespace basin
