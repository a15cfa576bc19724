// Every instruction set that this machine runs gives the plain loops' results.
#include "abi/kernels/loops.hpp"

#include <cstring>

#include "compare.hpp"

using namespace basin::kernels;
using kernels_test::Largest;

namespace {
std::vector<const Loops*> sets() {
  std::vector<const Loops*> all;
  const std::string best = loops().name;
  if (best != "plain") all.push_back(loops_avx2());
  if (best == "avx512") all.push_back(loops_avx512());
  return all;
}

at::Tensor raw(const at::Tensor& t) { return t.contiguous(); }
const uint16_t* words(const at::Tensor& t) { return static_cast<const uint16_t*>(t.const_data_ptr()); }
uint16_t* words(at::Tensor& t) { return static_cast<uint16_t*>(t.mutable_data_ptr()); }
}  // namespace

TEST_CASE("loops: the instruction sets agree") {
  std::cout << "loops: best instruction set " << loops().name << '\n';
  at::manual_seed(5);
  Largest largest("loops, instruction sets");
  const Loops& plain = *loops_plain();
  for (const Loops* set : sets())
    for (const bool bf16 : {false, true})
      for (const bool last : {false, true})
        for (const bool silu : {false, true})
          for (const int64_t columns : {3, 16, 37}) {
            const int64_t rows = 11, channels = last ? columns : rows;
            const auto type = bf16 ? at::kBFloat16 : at::kFloat;
            const at::Tensor x = raw(at::randn({rows, columns}).to(type)),
                             dy = raw(at::randn({rows, columns}).to(type));
            const at::Tensor k = at::randn({6, 64});
            const float* c = k.const_data_ptr<float>();
            const Coefficients of{c, c + 64, c + 128, c + 192, c + 256, c + 320};
            const auto results = [&](const Loops& l) {
              const GroupNormLoops& g = l.group_norm[bf16][last];
              at::Tensor y = at::zeros_like(x), dx = at::zeros_like(x), sums = at::zeros({4, 64});
              float* s = sums.mutable_data_ptr<float>();
              g.moments(x.const_data_ptr(), rows, columns, of, s, s + 64);
              g.apply(x.const_data_ptr(), y.mutable_data_ptr(), rows, columns, of, silu);
              g.backward_sums(x.const_data_ptr(), dy.const_data_ptr(), rows, columns, of, silu, s + 128, s + 192);
              g.backward_apply(x.const_data_ptr(), dy.const_data_ptr(), dx.mutable_data_ptr(), rows, columns, of, silu);
              return std::vector<at::Tensor>{y, dx, sums.narrow(1, 0, channels)};
            };
            const auto a = results(*set), b = results(plain);
            INFO(set->name << " bf16 " << bf16 << " last " << last << " columns " << columns);
            CHECK(largest(a[0], b[0]) <= (bf16 ? 1e-3 : 1e-6));
            CHECK(largest(a[1], b[1]) <= (bf16 ? 1e-3 : 1e-6));
            CHECK(largest(a[2], b[2]) <= 1e-5);
          }
}

TEST_CASE("loops: attention's and dropout's agree") {
  at::manual_seed(6);
  const Loops& plain = *loops_plain();
  for (const Loops* set : sets())
    for (const int64_t columns : {1, 16, 61}) {
      at::Tensor p[2], d[2];
      p[0] = raw((at::randn({5, columns}) * 4).to(at::kBFloat16)),
      d[0] = raw(at::randn({5, columns}).to(at::kBFloat16));
      p[1] = p[0].clone(), d[1] = d[0].clone();
      const at::Tensor exact = at::softmax(p[0].to(at::kDouble), -1), g = d[0].to(at::kDouble);
      const at::Tensor wanted = exact * (g - (exact * g).sum(-1, true));
      plain.softmax_backward(words(p[0]), words(d[0]), 5, columns);
      set->softmax_backward(words(p[1]), words(d[1]), 5, columns);
      for (int i = 0; i < 2; ++i) {
        CHECK(kernels_test::difference(p[i], exact) <= 4e-3);
        CHECK(((d[i].to(at::kDouble) - wanted).abs().max() <= 1e-2).item<bool>());
      }
      const PhiloxStream stream{0xfedcba9876543210ULL, {3, 4, 5}};
      const at::Tensor x = raw(at::randn({7 * columns}).to(at::kBFloat16));
      at::Tensor a = at::zeros_like(x), b = at::zeros_like(x);
      plain.dropout[1](words(x), words(a), x.numel(), 9, stream, 20000, 1.5f);
      set->dropout[1](words(x), words(b), x.numel(), 9, stream, 20000, 1.5f);
      CHECK(at::equal(a, b));
    }
}
