// alike.hpp: whether a metric was given one picture many times.
#pragma once
#include "tensor.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// The rows of [n,D], at least two, are one row up to rounding: an extractor in float32 does not compute an image to the
// last bit the same in batches of different sizes.
inline bool all_alike(const Tensor& rows) {
  if (rows.size(0) < 2) return false;
  const double apart = (rows - rows.narrow(0, 0, 1)).abs().amax().item();
  return apart <= 1e-5 * rows.abs().amax().item();
}

}  // namespace basin
#pragma GCC visibility pop
