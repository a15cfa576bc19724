// What the tests of the loss landscape share: losses of 40 items, and two models whose loss is known by other means: one
// that is linear in its parameters, so that the loss is a quadratic, and one with every fused kernel whose Hessian is
// formed whole, in double precision, out of ATen's operators.
#pragma once
#include "measure/losses.hpp"
#include "train/support.hpp"

namespace test {

inline std::shared_ptr<const basin::Process> cosine() {
  static const auto made = std::make_shared<const basin::Process>("vp", "cosine", 1000);
  return made;
}

constexpr int64_t kItems = 40;  // three batches of a recorded pass
inline const std::vector<int64_t>& ids() {
  static const auto all = [] {
    std::vector<int64_t> v(kItems);
    for (int64_t i = 0; i < kItems; i++) v[static_cast<size_t>(i)] = i;
    return v;
  }();
  return all;
}
// As the metrics' protocol has them: (2 k + 1) T / (2 n), k = 27 i mod n. (0.618 * 40 = 24; 27 has no common divisor.)
inline const std::vector<double>& levels() {
  static const auto all = [] {
    std::vector<double> v;
    for (int64_t i = 0; i < kItems; i++)
      v.push_back(static_cast<double>((2 * (i * 27 % kItems) + 1) * 1000 / (2 * kItems)));
    return v;
  }();
  return all;
}
inline basin::LossItems items(basin::Model& model, const basin::Dataset& data) {
  return {model, data, *cosine(), 7, 0, ids(), levels().data()};
}
inline std::shared_ptr<basin::Dataset> gaussian() {
  return dataset("gaussian", {{"count", kItems}, {"size", int64_t{4}}, {"channels", int64_t{2}}});
}
// What the model is shown, and the noise that it should find: double [40,2,4,4] each.
struct Shown {
  Tensor x, t, noise;
};
inline Shown shown(const basin::Dataset& data) {
  const Tensor t = at::tensor(at::ArrayRef<double>(levels()), at::kDouble);
  const Tensor noise = basin::draw(basin::stream_of(7, BASIN_PURPOSE_MEASURE), BASIN_NORMAL, ids(), {2, 4, 4});
  return {cosine()->q_sample(data.images(ids()), t.to(at::kLong), noise).to(at::kDouble), t, noise.to(at::kDouble)};
}

struct Expansion {  // of the loss around the parameters, in double
  double loss;
  Tensor gradient, hessian;  // [n], [n,n]
  // L(theta + d) of a quadratic
  double rise(const Tensor& d) const {
    return (gradient * d).sum().item<double>() + 0.5 * at::dot(d, at::mv(hessian, d)).item<double>();
  }
};

// Model "line": epsilon = scale x + tilt t + bias, J = d epsilon / d (scale 0, scale 1, tilt, bias):
// H = 2 J'J / pixels, g = 2 J'(J w - noise) / pixels. Of all items, or of those in one of `bands` equal parts of t.
inline Expansion expansion_of_line(basin::Model& model, const basin::Dataset& data, int64_t band = 0,
                                   int64_t bands = 1) {
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < kItems; i++)
    if (static_cast<int64_t>(levels()[static_cast<size_t>(i)]) * bands / 1000 == band) rows.push_back(i);
  const Tensor which = at::tensor(rows);
  const Shown all = shown(data);
  const Shown s{all.x.index_select(0, which), all.t.index_select(0, which), all.noise.index_select(0, which)};
  const auto n = static_cast<int64_t>(rows.size());
  Tensor j = at::zeros({n, 2, 4, 4, 4}, at::kDouble);
  j.select(4, 0).select(1, 0).copy_(s.x.select(1, 0));
  j.select(4, 1).select(1, 1).copy_(s.x.select(1, 1));
  j.select(4, 2).copy_(s.t.reshape({-1, 1, 1, 1}).expand({n, 2, 4, 4}));
  j.select(4, 3).fill_(1);
  j = j.reshape({-1, 4});
  const Tensor w = arena(model.parameters()).to(at::kDouble), off = at::mv(j, w) - s.noise.flatten();
  const double pixels = static_cast<double>(j.size(0));
  return {off.square().mean().item<double>(), 2 * at::mv(j.t(), off) / pixels, 2 * at::mm(j.t(), j) / pixels};
}

// Model "small" (toys/small.cpp).
inline Expansion expansion_of_small(basin::Model& model, const basin::Dataset& data) {
  const at::AutoGradMode record(true);
  const Shown s = shown(data);
  const Tensor v = arena(model.parameters()).to(at::kDouble).set_requires_grad(true);
  std::map<std::string, Tensor> w;
  for (const auto& p : model.parameters().list())
    w[p.name] = v.as_strided(p.value.sizes(), p.value.strides(), p.offset);
  const Tensor both = at::linear(s.t.reshape({-1, 1}) * 0.001, w["time.weight"], w["time.bias"]);
  Tensor h = at::conv2d(s.x, w["in.weight"], w["in.bias"], 1, 1).reshape({kItems, 2, -1});
  h = (h - h.mean(2, true)) / (h.var(2, false, true) + 1e-5).sqrt();
  h = h.reshape({kItems, 4, 4, 4}) * w["norm.weight"].reshape({4, 1, 1}) + w["norm.bias"].reshape({4, 1, 1});
  h = h * (1 + both.narrow(1, 0, 4).reshape({-1, 4, 1, 1})) + both.narrow(1, 4, 4).reshape({-1, 4, 1, 1});
  h = h * h.sigmoid();
  const Tensor qkv = at::conv2d(h, w["qkv.weight"], w["qkv.bias"]).reshape({kItems, 3, 2, 2, 16});
  const Tensor q = qkv.select(1, 0), k = qkv.select(1, 1), value = qkv.select(1, 2);  // [B,heads,D,T]
  const Tensor scores = at::matmul(q.transpose(2, 3), k) / std::sqrt(2.0);
  const Tensor y = at::matmul(value, scores.softmax(-1).transpose(2, 3)).reshape({kItems, 4, 4, 4});
  const Tensor a = at::conv2d(y, w["proj.weight"], w["proj.bias"]) + h;
  const Tensor up = at::avg_pool2d(a, {2, 2}).repeat_interleave(2, 2).repeat_interleave(2, 3);
  const Tensor out = at::conv2d(up + a, w["out.weight"], w["out.bias"], 1, 1);
  const Tensor loss = (out - s.noise).square().mean();
  const Tensor gradient = torch::autograd::grad({loss}, {v}, {}, true, true)[0];
  std::vector<Tensor> rows;
  for (int64_t i = 0; i < v.numel(); i++) rows.push_back(torch::autograd::grad({gradient[i]}, {v}, {}, true)[0]);
  return {loss.item<double>(), gradient.detach(), at::stack(rows)};
}

}  // namespace test
