// Hooks: what they see, change and replace, their order and their end.
#include "model.hpp"

namespace {

std::string trace;

// A hook with a name in the trace, and a body.
struct Tracer {
  const char* name;
  basin_status (*body)(const basin_call*, basin_tensor** out);
  int destroyed = 0;
  basin_hook hook() {
    return {sizeof(basin_hook),
            [](void* user, const basin_call* call, basin_tensor** out, uint32_t) -> basin_status {
              auto* self = static_cast<Tracer*>(user);
              trace += self->name;
              const basin_status status = self->body(call, out);
              trace += self->name;
              return status;
            },
            [](void* user) { ++static_cast<Tracer*>(user)->destroyed; }, this};
  }
};

basin_status pass(const basin_call* call, basin_tensor** out) {
  return call->original(call, call->inputs, call->n_inputs, out, 1);
}

// The original with input i times `factor`.
basin_status scaled(const basin_call* call, uint32_t i, double factor, basin_tensor** out) {
  std::vector<basin_tensor*> inputs(call->inputs, call->inputs + call->n_inputs);
  Handle changed;
  if (basin_status s = ops().mul_scalar(inputs[i], factor, &changed)) return s;
  inputs[i] = changed;
  return call->original(call, inputs.data(), call->n_inputs, out, 1);
}

struct OneConv : TestModel {
  basin_layer* layer = add(conv_spec("conv", 3, 4));
  at::Tensor x = numbers({2, 3, 6, 6}), r = numbers({2, 4, 6, 6}, 1);
  OneConv() { finish(); }
  at::Tensor direct(double wx = 1, double ww = 1) const {
    return at::conv2d(x * wx, layer->weight * ww, layer->bias, 1, 1);
  }
};

}  // namespace

TEST_CASE("a hook sees x, weight, bias and residual in order, and the fp32 master itself") {
  OneConv m;
  static const basin_context* context;
  static basin_layer* layer;
  static bool right;
  Tracer t{"a", [](const basin_call* call, basin_tensor** out) {
             right = call->n_inputs == 4 && call->n_outputs == 1 && call->layer == layer && !call->block &&
                     call->context == context && call->inputs[1] == basin::lend(layer->weight) &&
                     call->inputs[2] == basin::lend(layer->bias);
             return pass(call, out);
           }};
  const auto hook = t.hook();
  ok(layers().hook_layer(m.layer, &hook, nullptr));
  basin::Context c(0, 0, {0, 1});
  context = c.get();
  layer = m.layer;
  CHECK(difference(forward(m.layer, c.get(), {m.x, m.r}), m.direct() + m.r) < 1e-5);
  CHECK(right);
}

TEST_CASE("inputs and weights are replaced, with gradients through both") {
  OneConv m;
  Tracer input{"i", [](const basin_call* call, basin_tensor** out) { return scaled(call, 0, 2, out); }};
  Tracer weight{"w", [](const basin_call* call, basin_tensor** out) { return scaled(call, 1, 5, out); }};
  const auto a = input.hook(), b = weight.hook();
  uint64_t first = 0, second = 0;
  ok(layers().hook_layer(m.layer, &a, &first));
  CHECK(difference(forward(m.layer, nullptr, {m.x}), m.direct(2)) < 1e-5);
  ok(layers().hook_layer(m.layer, &b, &second));
  trace.clear();
  const auto y = forward(m.layer, nullptr, {m.x});
  CHECK(trace == "wiiw");  // the last one added is outermost
  CHECK(difference(y, m.direct(2, 5)) < 1e-4);
  const auto c = numbers({2, 4, 6, 6}, 3);
  CHECK(difference(torch::autograd::grad({(y * c).sum()}, {m.layer->weight})[0],
                   torch::autograd::grad({(m.direct(2, 5) * c).sum()}, {m.layer->weight})[0]) < 1e-3);
  ok(layers().unhook(&m, first));
  CHECK(input.destroyed == 1);
  CHECK(difference(forward(m.layer, nullptr, {m.x}), m.direct(1, 5)) < 1e-4);
  ok(layers().unhook(&m, second));
  CHECK(difference(forward(m.layer, nullptr, {m.x}), m.direct()) < 1e-5);
  CHECK(layers().unhook(&m, second) == BASIN_ERROR_NOT_FOUND);
  CHECK(weight.destroyed == 1);
}

TEST_CASE("a hook may replace the layer altogether") {
  OneConv m;
  Tracer t{"r", [](const basin_call* call, basin_tensor** out) { return ops().neg(call->inputs[0], out); }};
  const auto hook = t.hook();
  ok(layers().hook_layer(m.layer, &hook, nullptr));
  CHECK(at::equal(forward(m.layer, nullptr, {m.x}), -m.x));
}

TEST_CASE("failures of hooks come back with their sentence; nothing is left behind") {
  OneConv m;
  Tracer t{"f", [](const basin_call* call, basin_tensor** out) -> basin_status {
             if (pass(call, out)) return BASIN_ERROR_RUNTIME;
             basin::host_table()->set_error("the codes are missing");
             return BASIN_ERROR_IO;
           }};
  Tracer silent{"s", [](const basin_call*, basin_tensor**) -> basin_status { return BASIN_OK; }};
  auto hook = t.hook();
  uint64_t id = 0;
  ok(layers().hook_layer(m.layer, &hook, &id));
  Handle x = m.x, out;
  basin_tensor* inputs[] = {x};
  CHECK(layers().forward(m.layer, nullptr, inputs, 1, &out) == BASIN_ERROR_IO);
  CHECK(sentence() == "the codes are missing");
  ok(layers().unhook(&m, id));
  hook = silent.hook();
  ok(layers().hook_layer(m.layer, &hook, &id));
  CHECK(layers().forward(m.layer, nullptr, inputs, 1, &out) == BASIN_ERROR_RUNTIME);
  CHECK(says("'conv'"));
  const basin_hook empty{sizeof empty, nullptr, nullptr, nullptr};
  CHECK(layers().hook_layer(m.layer, &empty, nullptr) == BASIN_ERROR_ARGUMENT);
}

TEST_CASE("hooks end with the model, once, while its layers are still there") {
  Tracer t{"e", pass};
  static basin_model* alive;
  static uint32_t count;
  count = 0;
  const basin_hook last{sizeof last,
                        [](void*, const basin_call* call, basin_tensor** out, uint32_t) { return pass(call, out); },
                        [](void*) { count = layers().layer_count(alive); }, nullptr};
  {
    OneConv m;
    alive = &m;
    const auto hook = t.hook();
    ok(layers().hook_layer(m.layer, &hook, nullptr));
    ok(layers().hook_layer(m.layer, &last, nullptr));
    CHECK(t.destroyed == 0);
  }
  CHECK(t.destroyed == 1);
  CHECK(count == 1);
}

TEST_CASE("a hook may remove itself while it runs") {
  static uint64_t id;
  static basin_model* model;
  static int destroyed;
  destroyed = 0;
  OneConv m;
  model = &m;
  const basin_hook once{sizeof once,
                        [](void*, const basin_call* call, basin_tensor** out, uint32_t) -> basin_status {
                          if (basin_status s = layers().unhook(model, id)) return s;
                          if (destroyed) return BASIN_ERROR_RUNTIME;  // not before it has returned
                          return pass(call, out);
                        },
                        [](void*) { ++destroyed; }, nullptr};
  ok(layers().hook_layer(m.layer, &once, &id));
  CHECK(difference(forward(m.layer, nullptr, {m.x}), m.direct()) < 1e-5);
  CHECK(destroyed == 1);
  CHECK(m.layer->hooks.empty());
}

TEST_CASE("hooks of norms, embeddings and layers without parameters") {
  TestModel m;
  auto norm_spec = spec(BASIN_LAYER_NORM, "norm", 4);
  norm_spec.groups = 2;
  basin_layer* norm = m.add(norm_spec);
  basin_layer* embedding = m.add(spec(BASIN_LAYER_EMBEDDING, "embedding", 5, 3));
  basin_layer* concat = m.add(spec(BASIN_LAYER_CONCAT, ""));
  m.finish();
  static std::vector<uint32_t> counts;
  counts.clear();
  Tracer t{"", [](const basin_call* call, basin_tensor** out) {
             counts.push_back(call->n_inputs);
             return pass(call, out);
           }};
  const auto hook = t.hook();
  for (basin_layer* layer : {norm, embedding, concat}) ok(layers().hook_layer(layer, &hook, nullptr));
  const at::Tensor x = numbers({2, 4, 3, 3}), s = numbers({2, 4}, 1);
  forward(norm, nullptr, {x, s, s});
  forward(norm, nullptr, {x});
  forward(embedding, nullptr, {at::tensor(std::vector<int64_t>{1})});
  forward(concat, nullptr, {x, x, x});
  CHECK(counts == std::vector<uint32_t>{5, 3, 3, 3});
}

TEST_CASE("hooks of blocks") {
  TestModel m;
  basin_block* block = nullptr;
  ok(layers().begin_block(
      &m, "block",
      [](void*, const basin_context*, basin_tensor* const* in, uint32_t n, basin_tensor** out,
         uint32_t n_out) -> basin_status {
        if (n != 2 || n_out != 2) return BASIN_ERROR_ARGUMENT;
        if (basin_status s = ops().add(in[0], in[1], 1, &out[0])) return s;
        return ops().sub(in[0], in[1], &out[1]);
      },
      nullptr, &block));
  ok(layers().end_block(&m));
  static basin_block* seen;
  const basin_hook swap{sizeof swap,
                        [](void*, const basin_call* call, basin_tensor** out, uint32_t n) {
                          seen = call->layer ? nullptr : call->block;
                          basin_tensor* swapped[] = {call->inputs[1], call->inputs[0]};
                          return call->original(call, swapped, 2, out, n);
                        },
                        nullptr, nullptr};
  uint64_t id = 0;
  ok(layers().hook_block(block, &swap, &id));
  Handle a = at::full({1}, 5.0), b = at::full({1}, 2.0);
  basin_tensor *inputs[] = {a, b}, *out[2];
  ok(layers().run_block(block, nullptr, inputs, 2, out, 2));
  CHECK(seen == block);
  CHECK(basin::steal(out[0]).item<float>() == 7);
  CHECK(basin::steal(out[1]).item<float>() == -3);
  ok(layers().unhook(&m, id));
  ok(layers().run_block(block, nullptr, inputs, 2, out, 2));
  basin::steal(out[0]);
  CHECK(basin::steal(out[1]).item<float>() == 3);
}
