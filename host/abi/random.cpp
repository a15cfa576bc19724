// Randomness as a pure function of (seed, purpose, slot, step, sample id, position).
#include "abi/border.hpp"
#include "abi/context.hpp"
#include "abi/cuda.hpp"
#include "abi/interfaces.hpp"
#include "abi/philox.hpp"

namespace basin {
namespace {

philox::Stream stream_at(const basin_stream& s, int64_t id) {
  if (s.slot >> 24)
    throw Error("The slot of a random stream is below 2^24, but " + std::to_string(s.slot) + " was given.");
  if (s.purpose >> 8)
    throw Error("The purpose of a random stream is below 256, but " + std::to_string(s.purpose) + " was given.");
  if (s.step >> 32)
    throw Error("The step of a random stream is below 2^32, but " + std::to_string(s.step) + " was given.");
  if (static_cast<uint64_t>(id) >> 32)
    throw Error("A sample id is at least 0 and below 2^32, but " + std::to_string(id) + " was given.");
  return {s.seed, static_cast<uint32_t>(id), static_cast<uint32_t>(s.step), s.purpose << 24 | s.slot};
}

void check_count(uint64_t n) {
  if (n > uint64_t{4} << 32)
    throw Error("A random stream has 2^34 values for a sample, but " + std::to_string(n) + " were asked for.");
}

void check_distribution(int32_t distribution) {
  if (distribution < BASIN_NORMAL || distribution > BASIN_BITS)
    throw Error("A distribution is BASIN_NORMAL (1), BASIN_UNIFORM (2) or BASIN_BITS (3), but " +
                std::to_string(distribution) + " was given.");
}

void values(const philox::Stream& stream, int32_t distribution, uint32_t first, int64_t blocks, float* out) {
  if (distribution == BASIN_NORMAL) philox::normal(stream, first, blocks, out);
  else philox::uniform(stream, first, blocks, out);
}
void values(const philox::Stream& stream, int32_t, uint32_t first, int64_t blocks, int64_t* out) {
  uint32_t words[4 * philox::kBlocks];
  philox::bits(stream, first, blocks, words);
  std::copy_n(words, 4 * blocks, out);
}

// rows [streams, n]: a thread takes pieces of kBlocks blocks, of any row
template <class T>
void fill_rows(std::span<const philox::Stream> streams, int32_t distribution, int64_t n, T* out) {
  constexpr int64_t kPiece = 4 * philox::kBlocks;
  const int64_t pieces = (n + kPiece - 1) / kPiece;
  at::parallel_for(0, static_cast<int64_t>(streams.size()) * pieces, 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i / pieces, start = i % pieces * kPiece, here = std::min(kPiece, n - start);
      const auto first = static_cast<uint32_t>(start / 4);
      T* to = out + row * n + start;
      if (const int64_t whole = here / 4) values(streams[row], distribution, first, whole, to);
      if (const int64_t rest = here % 4) {
        T last[4];
        values(streams[row], distribution, first + static_cast<uint32_t>(here / 4), 1, last);
        std::copy_n(last, rest, to + here - rest);
      }
    }
  });
}

}  // namespace

Tensor draw(const basin_stream& stream, int32_t distribution, std::span<const int64_t> ids, at::IntArrayRef sizes,
            at::Device device) {
  check_distribution(distribution);
  std::vector<philox::Stream> streams;
  for (int64_t id : ids) streams.push_back(stream_at(stream, id));
  std::vector<int64_t> shape{static_cast<int64_t>(ids.size())};
  shape.insert(shape.end(), sizes.begin(), sizes.end());
  const auto options = at::TensorOptions(distribution == BASIN_BITS ? at::kLong : at::kFloat);
  Tensor out = at::empty(shape, options.device(device.is_cuda() ? device : at::Device(at::kCPU)));
  const int64_t n = ids.empty() ? 0 : out.numel() / static_cast<int64_t>(ids.size());
  check_count(static_cast<uint64_t>(n));
  if (device.is_cuda()) {
    if (n) cuda().draw({streams[0], nullptr, ids}, distribution, out);
    return out;
  }
  if (distribution == BASIN_BITS) fill_rows(streams, distribution, n, out.mutable_data_ptr<int64_t>());
  else fill_rows(streams, distribution, n, out.mutable_data_ptr<float>());
  return out.to(device);
}

void draw_into(const basin_stream& stream, int32_t distribution, int64_t id, float* out, uint64_t n) {
  check_distribution(distribution);
  check_count(n);
  if (distribution == BASIN_BITS) throw Error("fill gives floats; draw gives the 32-bit integers of BASIN_BITS.");
  const philox::Stream streams[1] = {stream_at(stream, id)};
  fill_rows(streams, distribution, static_cast<int64_t>(n), out);
}

const basin_random_interface random_interface = {
    .size = sizeof(basin_random_interface),
    .draw =
        [](const basin_stream* stream, int32_t distribution, const int64_t* ids, uint32_t n_ids, const int64_t* sizes,
           uint32_t n_dims, basin_tensor* like, basin_tensor** out) {
          return guard([&] {
            const basin_stream s = take(stream, "The random stream");
            if (n_ids) needed(ids, "The list of sample ids");
            const at::Device device = like ? in(like)->device() : at::Device(at::kCPU);
            *out = own(draw(s, distribution, {ids, n_ids}, ints(sizes, n_dims), device));
          });
        },
    .fill =
        [](const basin_stream* stream, int32_t distribution, int64_t id, float* out, uint64_t n) {
          return guard([&] {
            const basin_stream s = take(stream, "The random stream");
            if (n) draw_into(s, distribution, id, needed(out, "The buffer for random numbers"), n);
          });
        },
};

}  // namespace basin
