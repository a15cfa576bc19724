// The 2-norm of all elements of a tensor, accurate for tens of millions of them.
#pragma once
#include "abi/aten.hpp"

namespace basin::kernels {

// sqrt(sum of squares), of a's type and device: []. Differentiable. The engine's own norm on the CPU adds float32 squares
// into float32, which is half a percent off at 57 million numbers; here they are added in double, in blocks of one
// length, so that the result does not depend on the number of threads.
at::Tensor norm(const at::Tensor& a);

}  // namespace basin::kernels
