// bf16 inside layers: what is cast, and that a cast never outlives its weights' version.
#include "model.hpp"

namespace {

struct Mixed : TestModel {
  basin_layer* conv = add(conv_spec("conv", 8, 8));
  basin_layer* linear = add(spec(BASIN_LAYER_LINEAR, "linear", 8, 8));
  basin_layer* norm = nullptr;
  basin_layer* embedding = add(spec(BASIN_LAYER_EMBEDDING, "embedding", 4, 8));
  basin::Context context{0, 0, {0, 1}};
  at::Tensor x = numbers({2, 8, 6, 6});
  Mixed() {
    auto s = spec(BASIN_LAYER_NORM, "norm", 8);
    s.groups = 4;
    norm = add(s);
    finish();
    context.precision = basin::Precision::bf16;
  }
  void change(double by) {
    const at::NoGradGuard no_grad;
    parameters.groups()[0].values.add_(by);
  }
  at::Tensor expected() const {
    const auto half = [](const at::Tensor& t) { return t.detach().to(at::kBFloat16); };
    return at::conv2d(half(x), half(conv->weight), half(conv->bias), 1, 1);
  }
};

}  // namespace

TEST_CASE("in a bf16 context layers compute in bf16 from fp32 masters") {
  Mixed m;
  const at::NoGradGuard no_grad;
  const auto y = forward(m.conv, m.context.get(), {m.x});
  CHECK(y.scalar_type() == at::kBFloat16);
  CHECK(at::equal(y, m.expected()));
  CHECK(forward(m.linear, m.context.get(), {numbers({2, 8})}).scalar_type() == at::kBFloat16);
  CHECK(m.conv->weight.scalar_type() == at::kFloat);
  CHECK(forward(m.norm, m.context.get(), {y}).scalar_type() == at::kBFloat16);
  CHECK(forward(m.norm, m.context.get(), {m.x}).scalar_type() == at::kFloat);
  CHECK(forward(m.embedding, m.context.get(), {at::tensor(std::vector<int64_t>{1, 2})}).scalar_type() == at::kFloat);
  CHECK(forward(m.conv, nullptr, {m.x}).scalar_type() == at::kFloat);
  // the norm computes in fp32: its result is the fp32 one, rounded once
  const auto exact = at::group_norm(y.to(at::kFloat), 4, m.norm->weight, m.norm->bias);
  CHECK(difference(forward(m.norm, m.context.get(), {y}), exact.to(at::kBFloat16)) <= 2.0 / 128);
}

TEST_CASE("the cast is fresh after every way of changing a weight in place") {
  Mixed m;
  const at::NoGradGuard no_grad;
  const auto fresh = [&] { return at::equal(forward(m.conv, m.context.get(), {m.x}), m.expected()); };
  CHECK(fresh());
  const auto cached = m.conv->cast.weight;
  CHECK(fresh());
  CHECK(m.conv->cast.weight.is_same(cached));  // kept while nothing changes
  m.change(0.25);
  CHECK(fresh());
  m.conv->weight.mul_(2);
  CHECK(fresh());
  Handle weight = m.conv->weight;
  void* data = nullptr;
  ok(tensors().mutable_data(weight, &data));
  static_cast<float*>(data)[0] += 1;
  CHECK(fresh());
  m.parameters.initialize(99);
  CHECK(fresh());
  m.parameters.lay_out(at::kCPU, at::MemoryFormat::ChannelsLast);
  CHECK(fresh());
  m.parameters.groups()[0].values.copy_(numbers({m.parameters.count_values()}));
  CHECK(fresh());
}

TEST_CASE("two recorded passes with weights changed between them differ, as SAM needs") {
  Mixed m;
  const auto pass = [&] {
    const auto y = forward(m.conv, m.context.get(), {m.x}).to(at::kFloat).pow(2).mean();
    return std::make_pair(y.item<double>(), torch::autograd::grad({y}, {m.conv->weight})[0]);
  };
  const auto first = pass();
  CHECK(first.second.scalar_type() == at::kFloat);
  m.change(0.125);
  const auto second = pass();
  CHECK(first.first != second.first);
  CHECK_FALSE(at::equal(first.second, second.second));
  m.change(-0.125);
  CHECK(pass().first == Approx(first.first).epsilon(1e-2));
  // one pass that does not record, in between, must not serve the recorded one
  {
    const at::NoGradGuard no_grad;
    forward(m.conv, m.context.get(), {m.x});
  }
  CHECK(pass().second.abs().max().item<float>() > 0);
  {
    const c10::InferenceMode inference;
    m.conv->cast = {};
    forward(m.conv, m.context.get(), {m.x});
  }
  CHECK(pass().second.abs().max().item<float>() > 0);
}

TEST_CASE("a hook gets the fp32 master and gives what the layer casts") {
  Mixed m;
  static int32_t seen;
  const basin_hook hook{sizeof hook,
                        [](void*, const basin_call* call, basin_tensor** out, uint32_t n) -> basin_status {
                          basin_tensor_info info{};
                          info.size = sizeof info;
                          tensors().info(call->inputs[1], &info);
                          seen = info.dtype;
                          Handle rounded;
                          if (basin_status s = ops().round(call->inputs[1], &rounded)) return s;
                          basin_tensor* inputs[] = {call->inputs[0], rounded, call->inputs[2]};
                          return call->original(call, inputs, 3, out, n);
                        },
                        nullptr, nullptr};
  ok(layers().hook_layer(m.conv, &hook, nullptr));
  const at::NoGradGuard no_grad;
  m.change(1);
  const auto y = forward(m.conv, m.context.get(), {m.x});
  CHECK(seen == BASIN_FLOAT32);
  CHECK(y.scalar_type() == at::kBFloat16);
  const auto half = [](const at::Tensor& t) { return t.to(at::kBFloat16); };
  CHECK(at::equal(y, at::conv2d(half(m.x), half(at::round(m.conv->weight)), half(m.conv->bias), 1, 1)));
}

TEST_CASE("a plugin's copy of the context keeps the host's precision") {
  Mixed m;
  basin_context copy = *m.context.get();
  copy.step = 5;
  CHECK(forward(m.conv, &copy, {m.x}).scalar_type() == at::kBFloat16);
}
