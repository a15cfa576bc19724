// Arenas: views of one tensor, leaves that keep their identity, gradients collected, versions that count every change.
#include "support.hpp"

static const basin_parameters_interface& parameters() {
  return table<basin_parameters_interface>(BASIN_PARAMETERS_INTERFACE);
}
constexpr auto kLast = at::MemoryFormat::ChannelsLast;
constexpr auto kPlain = at::MemoryFormat::Contiguous;

// A model's worth of parameters: a convolution, a bias, a matrix.
struct Arena {
  basin_parameters p;
  at::Tensor conv, bias, matrix;
  explicit Arena(at::MemoryFormat format = kPlain) {
    conv = p.add("conv.weight", {4, 3, 3, 3}, {basin::Init::uniform, 0.5});
    bias = p.add("conv.bias", {4}, {basin::Init::constant, 0.25});
    matrix = p.add("linear.weight", {5, 4}, {basin::Init::normal, 0});
    p.lay_out(at::kCPU, format);
    p.initialize(3);
  }
  basin_parameter_group group() {
    basin_parameter_group g{};
    g.size = sizeof g;
    ok(parameters().group(&p, 0, &g));
    return g;
  }
  basin_parameter_view view(uint32_t i) {
    basin_parameter_view v{};
    v.size = sizeof v;
    ok(parameters().parameter(&p, i, &v));
    return v;
  }
};

TEST_CASE("parameters are views of one arena, in both directions") {
  for (auto format : {kPlain, kLast}) {
    Arena a(format);
    const auto g = a.group();
    CHECK(parameters().group_count(&a.p) == 1);
    CHECK(parameters().count(&a.p) == 3);
    CHECK(g.n_parameters == 3);
    const basin::Borrowed flat(g.values);
    CHECK(flat->sizes() == at::IntArrayRef({4 * 27 + 4 + 20}));
    const auto v = a.view(1);
    CHECK(std::string(v.name) == "conv.bias");
    CHECK(v.offset == 108);
    CHECK(v.numel == 4);
    CHECK(at::equal(flat->narrow(0, 108, 4), at::full({4}, 0.25)));
    ok(ops().fill_(g.values, 3));
    CHECK(at::equal(a.conv, at::full({4, 3, 3, 3}, 3.0)));
    {
      const at::NoGradGuard no_grad;
      ok(ops().mul_scalar_(a.view(2).value, 2));
    }
    CHECK(at::equal(flat->narrow(0, 112, 20), at::full({20}, 6.0)));
    CHECK(a.conv.is_contiguous(format));
    CHECK(basin::Borrowed(a.view(0).gradient)->strides() == a.conv.strides());
    CHECK(basin::Borrowed(g.rate)->item<float>() == 1);
  }
}

TEST_CASE("leaves keep their identity through changes of layout") {
  Arena a;
  Handle handle = a.conv;
  const at::Tensor before = a.conv.detach().clone();
  CHECK(a.conv.is_leaf());
  CHECK(a.conv.requires_grad());
  a.p.groups()[0].gradients.fill_(2);
  a.p.lay_out(at::kCPU, kLast);
  CHECK(a.p.list()[0].value.is_same(a.conv));
  CHECK(static_cast<basin_tensor*>(handle) == basin::lend(a.conv));
  CHECK(at::equal(a.conv, before));
  CHECK(a.conv.is_contiguous(kLast));
  CHECK(a.conv.is_leaf());
  CHECK(at::equal(a.p.list()[0].gradient, at::full({4, 3, 3, 3}, 2.0)));
  ok(ops().fill_(a.group().values, 1));
  CHECK(at::equal(a.conv, at::ones({4, 3, 3, 3})));
}

TEST_CASE("initial values are a function of seed and name, not of layout or order") {
  Arena plain, last(kLast);
  for (size_t i = 0; i < 3; ++i) CHECK(at::equal(plain.p.list()[i].value, last.p.list()[i].value));
  basin_parameters other;
  other.add("first", {100}, {basin::Init::uniform, 1});
  const auto conv = other.add("conv.weight", {4, 3, 3, 3}, {basin::Init::uniform, 0.5});
  other.lay_out(at::kCPU, kPlain);
  other.initialize(3);
  CHECK(at::equal(conv, plain.conv));
  other.initialize(4);
  CHECK_FALSE(at::equal(conv, plain.conv));
  CHECK(conv.abs().max().item<float>() <= 0.5f);
  CHECK(conv.min().item<float>() < -0.4f);
  CHECK(at::equal(plain.bias, at::full({4}, 0.25)));
}

TEST_CASE("gradients are collected, added, and zero where there are none") {
  for (auto format : {kPlain, kLast}) {
    Arena a(format);
    const at::Tensor x = numbers({2, 3, 5, 5}), c = numbers({2, 4, 3, 3}, 1);
    const auto backward = [&] {
      a.p.clear_gradients();
      (at::conv2d(x, a.conv, a.bias) * c).sum().backward();
    };
    const auto expected = torch::autograd::grad({(at::conv2d(x, a.conv, a.bias) * c).sum()}, {a.conv, a.bias});
    a.p.groups()[0].gradients.fill_(9);
    backward();
    a.p.collect_gradients(false);
    CHECK(difference(a.p.list()[0].gradient, expected[0]) < 1e-5);
    CHECK(difference(a.p.list()[1].gradient, expected[1]) < 1e-5);
    CHECK(at::equal(a.p.list()[2].gradient, at::zeros({5, 4})));
    CHECK_FALSE(a.conv.grad().defined());
    CHECK(a.p.groups()[0].gradients.narrow(0, 108, 4).equal(a.p.list()[1].gradient));
    backward();
    a.p.collect_gradients(true);
    CHECK(difference(a.p.list()[0].gradient, 2 * expected[0]) < 1e-4);
    CHECK(at::equal(a.p.list()[2].gradient, at::zeros({5, 4})));
  }
}

TEST_CASE("the version counts every change of the values") {
  Arena a;
  uint64_t last = a.p.version();
  const auto grown = [&] {
    const uint64_t now = a.p.version();
    return now > std::exchange(last, now);
  };
  CHECK_FALSE(grown());
  const at::NoGradGuard no_grad;
  ok(ops().add_(a.group().values, a.group().gradients, -0.1));
  CHECK(grown());
  ok(ops().mul_scalar_(a.view(1).value, 2));  // through a leaf
  CHECK(grown());
  a.conv.select(0, 1).zero_();  // through a view of a leaf
  CHECK(grown());
  Handle part;
  ok(ops().narrow(a.group().values, 0, 3, 5, &part));
  ok(ops().fill_(part, 0));  // through a plugin's view of the arena
  CHECK(grown());
  Handle detached;
  ok(autograd().detach(a.view(2).value, &detached));
  ok(ops().fill_(detached, 0));
  CHECK(grown());
  void* data = nullptr;
  ok(tensors().mutable_data(a.group().values, &data));
  CHECK(grown());
  a.p.initialize(5);
  CHECK(grown());
  a.p.lay_out(at::kCPU, kLast);
  CHECK(grown());
  ok(ops().fill_(a.group().gradients, 1));  // gradients are no values
  CHECK_FALSE(grown());
}

TEST_CASE("weights changed between forward and backward are noticed") {
  Arena a;
  const at::Tensor loss = at::conv2d(numbers({1, 3, 5, 5}).requires_grad_(), a.conv).sum();
  {
    const at::NoGradGuard no_grad;
    a.p.groups()[0].values.add_(1);
  }
  CHECK_THROWS_WITH(loss.backward(), Catch::Contains("modified by an inplace operation"));
}

TEST_CASE("names are taken once, indices end") {
  Arena a;
  CHECK_THROWS_WITH(a.p.add("conv.bias", {2}, {}), Catch::Contains("'conv.bias'"));
  CHECK(a.p.find("conv.bias") == &a.p.list()[1]);
  CHECK(a.p.find("nothing") == nullptr);
  CHECK(a.p.count_values() == 132);
  basin_parameter_view v{};
  v.size = sizeof v;
  CHECK(parameters().parameter(&a.p, 3, &v) == BASIN_ERROR_ARGUMENT);
  basin_parameter_group g{};
  g.size = sizeof g;
  CHECK(parameters().group(&a.p, 1, &g) == BASIN_ERROR_ARGUMENT);
}
