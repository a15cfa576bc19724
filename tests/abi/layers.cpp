// Every kind of layer against ATen, initial values, and what a builder refuses.
#include "model.hpp"

TEST_CASE("a convolution, with residual, stride, groups, in both layouts") {
  for (auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    TestModel m;
    basin_layer* plain = m.add(conv_spec("a", 4, 6));
    basin_layer* strided = m.add(conv_spec("b", 4, 4, 3, 2));
    auto grouped_spec = conv_spec("c", 4, 6, 3);
    grouped_spec.groups = 2;
    grouped_spec.bias = 0;
    basin_layer* grouped = m.add(grouped_spec);
    auto flat_spec = conv_spec("d", 4, 6, 1);
    flat_spec.conv1d_weight = 1;
    basin_layer* flat = m.add(flat_spec);
    m.finish(format);
    const at::Tensor x = numbers({2, 4, 8, 8}), r = numbers({2, 6, 8, 8}, 1);
    CHECK(flat->weight.sizes() == at::IntArrayRef({6, 4, 1}));
    CHECK_FALSE(grouped->bias.defined());
    const auto y = forward(plain, nullptr, {x});
    CHECK(difference(y, at::conv2d(x, plain->weight, plain->bias, 1, 1)) < 1e-5);
    CHECK(y.is_contiguous(format));  // activations follow the weights
    CHECK(difference(forward(plain, nullptr, {x, r}), at::conv2d(x, plain->weight, plain->bias, 1, 1) + r) < 1e-5);
    CHECK(difference(forward(strided, nullptr, {x}), at::conv2d(x, strided->weight, strided->bias, 2, 1)) < 1e-5);
    CHECK(difference(forward(grouped, nullptr, {x}), at::conv2d(x, grouped->weight, {}, 1, 1, 1, 2)) < 1e-5);
    CHECK(difference(forward(flat, nullptr, {x}), at::conv2d(x, flat->weight.unsqueeze(-1), flat->bias)) < 1e-5);

    const at::Tensor residual = r.clone().requires_grad_();
    const auto sum = (forward(plain, nullptr, {x, residual}) * r).sum();
    const auto gradients = torch::autograd::grad({sum}, {residual, plain->weight});
    CHECK(at::equal(gradients[0], r));
    const auto direct =
        torch::autograd::grad({(at::conv2d(x, plain->weight, plain->bias, 1, 1) * r).sum()}, {plain->weight});
    CHECK(difference(gradients[1], direct[0]) < 1e-4);
  }
}

TEST_CASE("linear, embedding, norm, activation, resample, concat") {
  TestModel m;
  basin_layer* linear = m.add(spec(BASIN_LAYER_LINEAR, "linear", 5, 7));
  basin_layer* embedding = m.add(spec(BASIN_LAYER_EMBEDDING, "embedding", 10, 4));
  auto norm_spec = spec(BASIN_LAYER_NORM, "norm", 8);
  norm_spec.groups = 4;
  norm_spec.activation = BASIN_ACTIVATION_SILU;
  basin_layer* norm = m.add(norm_spec);
  norm_spec.name = "norm2";
  norm_spec.activation = BASIN_ACTIVATION_RELU;
  norm_spec.eps = 1e-3;
  basin_layer* relu_norm = m.add(norm_spec);
  auto silu_spec = spec(BASIN_LAYER_ACTIVATION, "");
  silu_spec.activation = BASIN_ACTIVATION_SILU;
  basin_layer* silu = m.add(silu_spec);
  auto up_spec = spec(BASIN_LAYER_RESAMPLE, "");
  up_spec.mode = BASIN_RESAMPLE_UP;
  basin_layer* up = m.add(up_spec);
  up_spec.mode = BASIN_RESAMPLE_DOWN;
  basin_layer* down = m.add(up_spec);
  basin_layer* concat = m.add(spec(BASIN_LAYER_CONCAT, ""));
  m.finish();

  const at::Tensor x = numbers({3, 5}), image = numbers({2, 8, 4, 4}), scale = numbers({2, 8}, 1),
                   shift = numbers({2, 8}, 2);
  CHECK(difference(forward(linear, nullptr, {x}), at::linear(x, linear->weight, linear->bias)) < 1e-6);
  const at::Tensor index = at::tensor(std::vector<int64_t>{3, 9, 3});
  CHECK(at::equal(forward(embedding, nullptr, {index}), at::embedding(embedding->weight, index)));
  const auto column = [](const at::Tensor& t) { return t.unsqueeze(-1).unsqueeze(-1); };
  const auto normed = at::group_norm(image, 4, norm->weight, norm->bias, 1e-5);
  CHECK(difference(forward(norm, nullptr, {image}), at::silu(normed)) < 1e-5);
  CHECK(difference(forward(norm, nullptr, {image, scale, shift}),
                   at::silu(normed * (1 + column(scale)) + column(shift))) < 1e-5);
  CHECK(difference(forward(norm, nullptr, {image, at::Tensor(), shift}), at::silu(normed + column(shift))) < 1e-5);
  CHECK(difference(forward(relu_norm, nullptr, {image}),
                   at::relu(at::group_norm(image, 4, relu_norm->weight, relu_norm->bias, 1e-3))) < 1e-5);
  CHECK(difference(forward(silu, nullptr, {x}), at::silu(x)) < 1e-6);
  CHECK(at::equal(forward(up, nullptr, {image}), at::upsample_nearest2d(image, {8, 8})));
  CHECK(difference(forward(down, nullptr, {image}), at::avg_pool2d(image, {2, 2})) < 1e-6);
  CHECK(at::equal(forward(concat, nullptr, {image, image, image}), at::cat({image, image, image}, 1)));
}

static at::Tensor attention_by_hand(const at::Tensor& qkv, int64_t heads, bool by_head) {
  const int64_t b = qkv.size(0), c = qkv.size(1) / 3, d = c / heads, t = qkv.size(2) * qkv.size(3);
  const auto x = by_head ? qkv.reshape({b, heads, 3, d, t}).permute({2, 0, 1, 4, 3})
                         : qkv.reshape({b, 3, heads, d, t}).permute({1, 0, 2, 4, 3});
  const auto p = at::softmax(at::matmul(x[0], x[1].transpose(-1, -2)) / std::sqrt(static_cast<double>(d)), -1);
  return at::matmul(p, x[2]).transpose(2, 3).reshape({b, c, qkv.size(2), qkv.size(3)});
}

TEST_CASE("attention in both orders of channels, hooked or not, differentiable twice") {
  for (int32_t mode : {BASIN_QKV_BY_PART, BASIN_QKV_BY_HEAD})
    for (bool hooked : {false, true})
      for (auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
        TestModel m;
        auto s = spec(BASIN_LAYER_ATTENTION, "");
        s.heads = 2;
        s.mode = mode;
        basin_layer* layer = m.add(s);
        m.finish();
        static int seen;
        seen = 0;
        if (hooked) {
          const basin_hook hook{sizeof hook,
                                [](void*, const basin_call* call, basin_tensor** out, uint32_t n) {
                                  basin_tensor_info info{};
                                  info.size = sizeof info;
                                  tensors().info(call->inputs[0], &info);
                                  seen += call->n_inputs == 3 && info.n_dims == 4 && info.sizes[1] == 2 &&
                                          info.sizes[2] == 16 && info.sizes[3] == 4;
                                  return call->original(call, call->inputs, call->n_inputs, out, n);
                                },
                                nullptr, nullptr};
          ok(layers().hook_layer(layer, &hook, nullptr));
        }
        const at::Tensor qkv = numbers({2, 24, 4, 4}).contiguous(format).requires_grad_();
        const auto expected = attention_by_hand(qkv, 2, mode == BASIN_QKV_BY_HEAD);
        const auto y = forward(layer, nullptr, {qkv});
        CHECK(seen == (hooked ? 1 : 0));
        CHECK(y.is_contiguous(format));
        CHECK(difference(y, expected) < 1e-5);
        const auto c = numbers({2, 8, 4, 4}, 1);
        const auto second = [&](const at::Tensor& out) {
          const auto g = torch::autograd::grad({(out * c).sum()}, {qkv}, {}, true, true)[0];
          return torch::autograd::grad({g.pow(2).sum()}, {qkv})[0];
        };
        CHECK(difference(second(y), second(expected)) < 1e-4);
        const at::NoGradGuard no_grad;
        CHECK(difference(forward(layer, nullptr, {qkv}), expected) < 1e-5);
      }
}

TEST_CASE("initial values are PyTorch's") {
  TestModel m;
  basin_layer* conv = m.add(conv_spec("conv", 64, 64));
  basin_layer* linear = m.add(spec(BASIN_LAYER_LINEAR, "linear", 256, 128));
  basin_layer* embedding = m.add(spec(BASIN_LAYER_EMBEDDING, "embedding", 100, 200));
  basin_layer* norm = m.add(spec(BASIN_LAYER_NORM, "norm", 64));
  auto zero_spec = conv_spec("zero", 8, 8);
  zero_spec.init = BASIN_INIT_ZERO;
  basin_layer* zero = m.add(zero_spec);
  m.finish();
  const auto uniform = [](const at::Tensor& t, double bound) {
    CHECK(t.abs().max().item<double>() <= bound * (1 + 1e-6));
    CHECK(t.abs().max().item<double>() > 0.9 * bound);
    const double n = static_cast<double>(t.numel());
    CHECK(std::abs(t.mean().item<double>()) < 5 * bound / std::sqrt(3 * n));
    CHECK(std::abs(t.pow(2).mean().item<double>() * 3 / (bound * bound) - 1) < 5 / std::sqrt(n));
  };
  uniform(conv->weight.detach(), 1 / std::sqrt(64. * 9));
  uniform(conv->bias.detach(), 1 / std::sqrt(64. * 9));
  uniform(linear->weight.detach(), 1 / 16.);
  uniform(linear->bias.detach(), 1 / 16.);
  CHECK(std::abs(embedding->weight.std().item<double>() - 1) < 0.03);
  CHECK(at::equal(norm->weight, at::ones({64})));
  CHECK(at::equal(norm->bias, at::zeros({64})));
  CHECK(zero->weight.abs().max().item<float>() == 0);
  CHECK(zero->bias.abs().max().item<float>() == 0);
}

TEST_CASE("dropout: by sample and step, off outside training, the same in the backward pass") {
  TestModel m;
  auto s = spec(BASIN_LAYER_DROPOUT, "");
  s.probability = 0.25;
  basin_layer* first = m.add(s);
  basin_layer* second = m.add(s);
  m.finish();
  const at::Tensor x = at::ones({4, 32, 8, 8});
  const basin::Context c(7, 100, {10, 11, 12, 13}, true), same(7, 100, {12, 99, 11, 10}, true),
      later(7, 101, {10, 11, 12, 13}, true), still(7, 100, {10, 11, 12, 13}, false);
  const auto y = forward(first, c.get(), {x});
  CHECK(at::equal(y, forward(first, c.get(), {x})));
  const auto moved = forward(first, same.get(), {x});
  CHECK(at::equal(moved[0], y[2]));
  CHECK(at::equal(moved[3], y[0]));
  CHECK_FALSE(at::equal(y, forward(first, later.get(), {x})));
  CHECK_FALSE(at::equal(y, forward(second, c.get(), {x})));
  CHECK(at::equal(forward(first, still.get(), {x}), x));
  CHECK(at::equal(forward(first, nullptr, {x}), x));
  const double kept = (y > 0).to(at::kDouble).mean().item<double>();
  CHECK(std::abs(kept - 0.75) < 5 * std::sqrt(0.75 * 0.25 / 8192));
  CHECK(std::abs(y.max().item<double>() - 1 / 0.75) < 1e-4);
  const at::Tensor z = x.clone().requires_grad_();
  CHECK(at::equal(torch::autograd::grad({forward(first, c.get(), {z}).sum()}, {z})[0], y));
  // a plugin's own context, made without the host, counts as well
  const int64_t ids[] = {10, 11, 12, 13};
  const basin_context bare{sizeof bare, 1, 7, 100, ids, 4, nullptr};
  CHECK(at::equal(forward(first, &bare, {x}), y));
  const basin_context few{sizeof few, 1, 7, 100, ids, 3, nullptr};
  Handle hx = x, out;
  basin_tensor* inputs[] = {hx};
  CHECK(layers().forward(first, &few, inputs, 1, &out) == BASIN_ERROR_ARGUMENT);
  CHECK(says("3 samples"));
}

TEST_CASE("what a builder refuses, by the layer's name") {
  TestModel m;
  basin_layer* out = nullptr;
  const auto refused = [&](basin_layer_spec s, const char* part) {
    CHECK(layers().add(&m, &s, &out) == BASIN_ERROR_ARGUMENT);
    CHECK(says(part));
  };
  m.add(conv_spec("taken", 3, 3));
  refused(conv_spec("taken", 3, 3), "'taken.weight'");
  refused(conv_spec("empty", 0, 3), "'empty'");
  auto s = spec(BASIN_LAYER_NORM, "norm", 10);
  refused(s, "32 groups do not divide 10 channels");
  s = spec(BASIN_LAYER_DROPOUT, "drop");
  s.probability = 1;
  refused(s, "'drop'");
  refused(spec(99, "odd"), "kind 99");
  s = conv_spec("wide", 4, 4, 3);
  s.conv1d_weight = 1;
  refused(s, "'wide'");
  CHECK(layers().end_block(&m) == BASIN_ERROR_ARGUMENT);
  Handle p;
  const int64_t sizes[] = {2, 3};
  ok(layers().parameter(&m, "scale", sizes, 2, 0.5, &p));
  CHECK(m.parameters.find("scale")->value.is_same(p.tensor()));
}

TEST_CASE("blocks: names, order, and the block of a layer") {
  TestModel m;
  basin_block *outer = nullptr, *inner = nullptr;
  const auto run = [](void* user, const basin_context*, basin_tensor* const* in, uint32_t, basin_tensor** out,
                      uint32_t) { return ops().mul_scalar(in[0], *static_cast<double*>(user), out); };
  double factor = 3;
  ok(layers().begin_block(&m, "outer", run, &factor, &outer));
  basin_layer* a = m.add(conv_spec("a", 3, 3));
  ok(layers().begin_block(&m, "inner", run, &factor, &inner));
  basin_layer* b = m.add(conv_spec("b", 3, 3));
  ok(layers().end_block(&m));
  ok(layers().end_block(&m));
  basin_layer* c = m.add(conv_spec("c", 3, 3));
  m.finish();
  CHECK(layers().layer_count(&m) == 3);
  CHECK(layers().layer_at(&m, 1) == b);
  CHECK(layers().layer_at(&m, 3) == nullptr);
  CHECK(layers().block_count(&m) == 2);
  CHECK(std::string(layers().block_name(layers().block_at(&m, 1))) == "inner");
  const auto block_of = [](basin_layer* layer) {
    basin_layer_info info{};
    info.size = sizeof info;
    ok(layers().layer_info(layer, &info));
    CHECK(info.weight == basin::lend(layer->weight));
    CHECK(std::string(info.spec->name) == layer->name);
    return std::string(info.block);
  };
  CHECK(block_of(a) == "outer");
  CHECK(block_of(b) == "inner");
  CHECK(block_of(c) == "");
  Handle x = numbers({2}), y;
  basin_tensor* inputs[] = {x};
  ok(layers().run_block(outer, nullptr, inputs, 1, &y, 1));
  CHECK(at::equal(y.tensor(), x.tensor() * 3));
  basin_block* twice = nullptr;
  CHECK(layers().begin_block(&m, "outer", run, &factor, &twice) == BASIN_ERROR_ARGUMENT);
}

TEST_CASE("taps reach who listens") {
  basin::Context c(0, 0, {0});
  Handle x = numbers({2});
  ok(layers().tap(c.get(), "nobody", x));
  std::string heard;
  c.on_tap = [&](const char* name, const at::Tensor& t) { heard += name + std::to_string(t.numel()); };
  ok(layers().tap(c.get(), "scores", x));
  ok(layers().tap(nullptr, "scores", x));
  CHECK(heard == "scores2");
}
