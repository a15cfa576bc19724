// Gradients and Hessian-vector products of the loss: against differences of losses and of gradients, and against the
// Hessian formed whole in double precision, by another implementation, of a network with every fused kernel.
#include "measure/losses.hpp"

#include <iostream>

#include "abi/log.hpp"
#include "train/support.hpp"

namespace {

using namespace test;
using basin::LossItems;

std::shared_ptr<const basin::Process> process() {
  static const auto made = std::make_shared<const basin::Process>("vp", "cosine", 1000);
  return made;
}

constexpr int64_t kItems = 40;  // three batches of a recorded pass
const std::vector<int64_t>& ids() {
  static const auto all = [] {
    std::vector<int64_t> v(kItems);
    for (int64_t i = 0; i < kItems; i++) v[static_cast<size_t>(i)] = i;
    return v;
  }();
  return all;
}
const std::vector<double>& levels() {
  static const auto all = [] {
    std::vector<double> v;
    for (int64_t i = 0; i < kItems; i++) v.push_back(static_cast<double>((i * 397 + 13) % 1000));
    return v;
  }();
  return all;
}

LossItems items(basin::Model& model, const basin::Dataset& data) {
  return {model, data, *process(), 7, 0, ids(), levels().data()};
}

Tensor direction(int64_t n, uint64_t seed) {  // of norm 1
  const int64_t id = 0;
  const Tensor v = basin::draw(basin::stream_of(seed, BASIN_PURPOSE_SCRIPT), BASIN_NORMAL, {&id, 1}, {n})[0];
  return v / v.norm();
}

double scalar_product(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) * b.to(at::kDouble)).sum().item<double>();
}

// f at the parameters moved by step * v, which are put back.
template <class F>
auto moved(basin::Model& model, const Tensor& v, double step, F f) {
  at::NoGradGuard no_grad;
  Tensor& values = model.parameters().groups()[0].values;
  const Tensor before = values.clone();
  values.add_(v, step);
  const auto found = f();
  values.copy_(before);
  return found;
}

// The loss of model "small" in double precision, out of ATen's operators, by its arena `v`.
Tensor small_loss(basin::Model& model, const basin::Dataset& data, const Tensor& v) {
  std::map<std::string, Tensor> w;
  for (const auto& p : model.parameters().list())
    w[p.name] = v.as_strided(p.value.sizes(), p.value.strides(), p.offset);
  const Tensor t = at::tensor(at::ArrayRef<double>(levels()), at::kDouble).to(at::kLong);
  const Tensor noise = basin::draw(basin::stream_of(7, BASIN_PURPOSE_MEASURE), BASIN_NORMAL, ids(), {2, 4, 4});
  const Tensor x = process()->q_sample(data.images(ids()), t, noise).to(at::kDouble);
  const Tensor both = at::linear(t.to(at::kDouble).reshape({-1, 1}) * 0.001, w["time.weight"], w["time.bias"]);
  Tensor h = at::conv2d(x, w["in.weight"], w["in.bias"], 1, 1).reshape({kItems, 2, -1});
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
  return (out - noise.to(at::kDouble)).square().mean();
}

std::shared_ptr<basin::Dataset> gaussian() {
  return dataset("gaussian", {{"count", kItems}, {"size", int64_t{4}}, {"channels", int64_t{2}}});
}

}  // namespace

TEST_CASE("gradient and Hessian are those of another implementation in double precision") {
  const auto data = gaussian();
  const auto m = model("small");
  randomize(*m, 3, 0.5);
  const Tensor v = m->parameters().groups()[0].values.detach().to(at::kDouble).set_requires_grad(true);
  const int64_t n = v.numel();
  const Tensor loss = small_loss(*m, *data, v);
  CHECK(basin::losses_of(items(*m, *data)).mean().item<double>() == Approx(loss.item<double>()).epsilon(1e-6));
  const Tensor exact = torch::autograd::grad({loss}, {v}, {}, true, true)[0];
  std::vector<Tensor> rows;
  for (int64_t i = 0; i < n; i++) rows.push_back(torch::autograd::grad({exact[i]}, {v}, {}, true)[0]);
  const Tensor hessian = at::stack(rows);  // [n,n]
  REQUIRE((hessian - hessian.t()).norm().item<double>() < 1e-10 * hessian.norm().item<double>());

  CHECK(relative(exact.detach(), basin::gradient_of(items(*m, *data))[0]) < 1e-5);
  double largest = 0;
  for (int64_t column : {int64_t{0}, int64_t{31}, n / 2, n - 1}) {  // the Hessian, column by column
    Tensor unit = at::zeros({n});
    unit[column] = 1;
    const auto found = basin::hessian_vector_product_of(items(*m, *data), {unit});
    REQUIRE(found.size() == 1);
    largest = std::max(largest, relative(hessian.select(1, column), found[0]));
  }
  for (uint64_t seed : {1, 2, 3}) {
    const Tensor d = direction(n, seed);
    largest = std::max(largest, relative(at::mv(hessian, d.to(at::kDouble)),
                                         basin::hessian_vector_product_of(items(*m, *data), {d})[0]));
  }
  std::cout << "Hessian-vector product in fp32 against the Hessian in double: " << largest << " of " << n
            << " parameters\n";
  CHECK(largest < 2e-5);
}

TEST_CASE("of a U-Net the gradient is the slope of the loss, and the Hessian-vector product that of the gradient") {
  const auto data = dataset("shapes", {{"count", kItems}, {"size", int64_t{8}}});
  for (auto precision : {basin::Precision::fp32, basin::Precision::bf16}) {  // both are computed in fp32
    const auto m = tiny_unet({{"attention", std::vector<int64_t>{8}}, {"classes", data->classes()}});
    randomize(*m, 5, 0.1);
    m->to(at::kCPU, precision);
    const Tensor before = arena(m->parameters());
    const auto gradient = [&] { return basin::gradient_of(items(*m, *data))[0]; };
    const Tensor g = gradient(), d = direction(g.numel(), 9), along = g / g.norm();
    const Tensor h = basin::hessian_vector_product_of(items(*m, *data), {along})[0];
    CHECK(m->precision() == precision);
    m->to(at::kCPU, basin::Precision::fp32);
    const auto loss = [&] { return basin::losses_of(items(*m, *data)).to(at::kDouble).mean().item<double>(); };
    const double slope = (moved(*m, along, 1e-2, loss) - moved(*m, along, -1e-2, loss)) / 2e-2;
    CHECK(slope == Approx(scalar_product(g, along)).epsilon(2e-3));
    const Tensor change = (moved(*m, along, 1e-2, gradient) - moved(*m, along, -1e-2, gradient)) / 2e-2;
    std::cout << "Hessian-vector product against the difference of gradients: " << relative(change, h) << '\n';
    CHECK(relative(change, h) < 5e-3);
    // symmetric: <d, H g> = <H d, g>
    CHECK(scalar_product(d, h) ==
          Approx(scalar_product(basin::hessian_vector_product_of(items(*m, *data), {d})[0], along)).epsilon(1e-3));
    CHECK(same_bits(arena(m->parameters()), before));
  }
}

TEST_CASE("a model that is linear in its parameters has the Hessian that its inputs say") {
  // epsilon = scale x + tilt t + bias: H = 2 mean over the pixels of (x, t, 1)^T (x, t, 1), scale by channel.
  const auto data = gaussian();
  const auto m = model("line");
  const Tensor t = at::tensor(at::ArrayRef<double>(levels()), at::kDouble);
  const Tensor noise = basin::draw(basin::stream_of(7, BASIN_PURPOSE_MEASURE), BASIN_NORMAL, ids(), {2, 4, 4});
  const Tensor x = process()->q_sample(data->images(ids()), t.to(at::kLong), noise).to(at::kDouble);
  Tensor inputs = at::zeros({kItems, 2, 4, 4, 4}, at::kDouble);  // d epsilon / d (scale 0, scale 1, tilt, bias)
  inputs.select(4, 0).select(1, 0).copy_(x.select(1, 0));
  inputs.select(4, 1).select(1, 1).copy_(x.select(1, 1));
  inputs.select(4, 2).copy_(t.reshape({-1, 1, 1, 1}).expand({kItems, 2, 4, 4}));
  inputs.select(4, 3).fill_(1);
  const Tensor j = inputs.reshape({-1, 4}), hessian = 2 * at::mm(j.t(), j) / static_cast<double>(j.size(0));
  for (int64_t i = 0; i < 4; i++) {
    Tensor unit = at::zeros({4});
    unit[i] = 1;
    CHECK(relative(hessian.select(1, i), basin::hessian_vector_product_of(items(*m, *data), {unit})[0]) < 1e-6);
  }
}

TEST_CASE("a direction of another shape is refused, and Ctrl-C is heard between batches") {
  const auto data = gaussian();
  const auto m = model("line");
  CHECK(says(refusal([&] { basin::hessian_vector_product_of(items(*m, *data), {at::zeros({5})}); }),
             {"must have the shape [4]", "[5] came"}));
  CHECK(says(refusal([&] { basin::hessian_vector_product_of(items(*m, *data), {}); }), {"[4]", "none came"}));
  basin::interrupted() = true;
  CHECK(error_of([&] { basin::gradient_of(items(*m, *data)); }).status == BASIN_ERROR_INTERRUPTED);
  basin::interrupted() = false;
}
