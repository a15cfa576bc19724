// The CPU twin of the CUDA kernels: every thread's work, done by a loop, against the CPU's own path. Bits must agree.
#include <basin/random.h>

#include "abi/context.hpp"
#include "abi/kernels/dropout.hpp"
#include "catch.hpp"
#include "cuda/threads.hpp"

using namespace basin;
using namespace basin::cuda_kernels;

namespace {

const std::vector<int64_t> kIds{7, 0, 4294967295};

Job job_of(const basin_stream& s, int64_t n) {
  Job job{{s.seed, 0, static_cast<uint32_t>(s.step), s.purpose << 24 | s.slot}, nullptr, n, {}};
  for (size_t i = 0; i < kIds.size(); i++) job.ids[i] = static_cast<uint32_t>(kIds[i]);
  return job;
}

template <Distribution distribution, class T>
void run_draw(const Job& job, T* out) {
  const auto blocks = static_cast<uint32_t>((job.n + 3) / 4);
  for (uint32_t row = 0; row < kIds.size(); row++)
    for (uint32_t index = 0; index < blocks + 5; index++) draw_thread<distribution>(job, row, index, out);
}

Tensor twin(int32_t distribution, const Job& job) {
  Tensor out =
      at::full({static_cast<int64_t>(kIds.size()), job.n}, -77, distribution == BASIN_BITS ? at::kLong : at::kFloat);
  if (distribution == BASIN_NORMAL) run_draw<Distribution::normal>(job, out.mutable_data_ptr<float>());
  else if (distribution == BASIN_UNIFORM) run_draw<Distribution::uniform>(job, out.mutable_data_ptr<float>());
  else run_draw<Distribution::bits>(job, out.mutable_data_ptr<int64_t>());
  return out;
}

template <class T>
Tensor run_dropout(const Job& job, uint32_t threshold, float scale, const Tensor& x) {
  Tensor y = at::full_like(x, -77);
  for (uint32_t row = 0; row < kIds.size(); row++)
    for (uint32_t index = 0; index < (job.n + 7) / 8 + 5; index++)
      dropout_thread(job, threshold, scale, row, index, static_cast<const T*>(x.const_data_ptr()),
                     static_cast<T*>(y.mutable_data_ptr()));
  return y;
}

}  // namespace

TEST_CASE("A CUDA thread draws the bits that the CPU draws", "[twin]") {
  const basin_stream stream = stream_of(0x0123456789abcdef, BASIN_PURPOSE_NOISE, 41, 0x00f00d);
  for (int32_t distribution : {BASIN_NORMAL, BASIN_UNIFORM, BASIN_BITS})
    for (int64_t n : {3072, 1, 6, 1027}) {
      INFO("distribution " << distribution << ", " << n << " values");
      CHECK(at::equal(twin(distribution, job_of(stream, n)), draw(stream, distribution, kIds, {n})));
    }
}

TEST_CASE("A step in memory is added to the step of the launch", "[twin]") {
  const basin_stream stream = stream_of(3, BASIN_PURPOSE_NOISE, 41);
  const int64_t step = 900;
  Job job = job_of(stream, 64);
  job.step_on_device = &step;
  CHECK(at::equal(twin(BASIN_NORMAL, job), draw(stream_of(3, BASIN_PURPOSE_NOISE, 941), BASIN_NORMAL, kIds, {64})));
  CHECK_FALSE(at::equal(twin(BASIN_NORMAL, job), draw(stream, BASIN_NORMAL, kIds, {64})));
}

TEST_CASE("A CUDA thread drops the elements that the CPU drops", "[twin]") {
  const auto rows = static_cast<int64_t>(kIds.size());
  const Tensor ids = at::tensor(kIds, at::kLong);
  const kernels::DropoutKey key{5, BASIN_PURPOSE_DROPOUT, 12, 34};
  const uint32_t threshold = 19661;  // round(0.3 * 65536)
  const auto scale = static_cast<float>(65536.0 / (65536 - threshold));
  for (auto type : {at::kFloat, at::kBFloat16})
    for (int64_t channels : {32, 3, 1}) {
      const Tensor x = draw(stream_of(1, BASIN_PURPOSE_SCRIPT), BASIN_NORMAL, kIds, {channels, 7, 7})
                           .to(type)
                           .contiguous(at::MemoryFormat::ChannelsLast);
      const Job job = job_of({sizeof(basin_stream), key.purpose, key.slot, key.seed, key.step}, x.numel() / rows);
      const Tensor y = type == at::kFloat ? run_dropout<float>(job, threshold, scale, x)
                                          : run_dropout<Bfloat16>(job, threshold, scale, x);
      INFO(c10::toString(type) << ", " << channels << " channels");
      CHECK(at::equal(y, kernels::dropout(x, 0.3, key, ids)));
      CHECK(y.eq(0).sum().item<int64_t>() > 0);
    }
}

TEST_CASE("bf16 is rounded as LibTorch rounds it", "[twin]") {
  std::vector<float> values{0.f, -0.f, 1.f, 1.00390625f, 1.01171875f, 3.3e38f, INFINITY, -INFINITY, NAN, 1e-40f};
  const Tensor x = at::tensor(values), expected = x.to(at::kBFloat16);
  for (size_t i = 0; i < values.size(); i++) {
    Bfloat16 mine{};
    from_float(values[i], mine);
    const float theirs = expected[static_cast<int64_t>(i)].item<float>();
    INFO(values[i]);
    CHECK((to_float(mine) == theirs || (std::isnan(to_float(mine)) && std::isnan(theirs))));
  }
}
