// random.hpp: random numbers as a function of (seed, purpose, slot, step, sample id). See basin/random.h.
#pragma once
#include "tensor.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

using Context = basin_context;  // training, seed, step, sample_ids, n_samples

inline Sizes sample_ids(const Context& context) { return {context.sample_ids, context.n_samples}; }

using Stream = basin_stream;
inline Stream stream(uint64_t seed, uint32_t purpose, uint64_t step = 0, uint32_t slot = 0) {
  return {sizeof(basin_stream), purpose, slot, seed, step};
}
// BASIN_PURPOSE_..., at the context's seed.
inline Stream stream(const Context& context, uint32_t purpose, uint64_t step, uint32_t slot = 0) {
  return stream(context.seed, purpose, step, slot);
}

namespace detail {
inline Tensor draw(const Stream& s, int32_t distribution, Sizes ids, Sizes sizes, const Tensor& like) {
  const Stream* from = &s;
  return make<&basin_random_interface::draw>(from, distribution, ids.data(), count(ids), sizes.data(), count(sizes),
                                             like.handle());
}
}  // namespace detail

// [ids, sizes...], float32, on the device of `like`: row i depends on (stream, ids[i]) alone. N(0,1); [0,1).
inline Tensor normal(const Stream& s, Sizes ids, Sizes sizes, const Tensor& like = {}) {
  return detail::draw(s, BASIN_NORMAL, ids, sizes, like);
}
inline Tensor uniform(const Stream& s, Sizes ids, Sizes sizes, const Tensor& like = {}) {
  return detail::draw(s, BASIN_UNIFORM, ids, sizes, like);
}
// The same numbers of one id into memory.
inline void fill_normal(const Stream& s, int64_t id, Span<float> out) {
  const Stream* from = &s;
  call<&basin_random_interface::fill>(from, int32_t(BASIN_NORMAL), id, out.data(), uint64_t(out.size()));
}
inline void fill_uniform(const Stream& s, int64_t id, Span<float> out) {
  const Stream* from = &s;
  call<&basin_random_interface::fill>(from, int32_t(BASIN_UNIFORM), id, out.data(), uint64_t(out.size()));
}

}  // namespace basin
#pragma GCC visibility pop
