// Gradients and differentiable functions of C callbacks.
#include "support.hpp"

// Rounds forward, passes gradients straight through, times the factor that the second input holds; counts its life.
struct Rounding {
  int destroyed = 0;
  bool fail_backward = false, fail_forward = false;
  static basin_function function(Rounding* self) {
    return {
        sizeof(basin_function), 1, forward, backward, [](void* u) { ++static_cast<Rounding*>(u)->destroyed; }, self};
  }
  static basin_status forward(void* user, basin_saved* saved, basin_tensor* const* in, uint32_t n, basin_tensor** out,
                              uint32_t) {
    if (static_cast<Rounding*>(user)->fail_forward) {
      basin::host_table()->set_error("rounding went wrong");
      return BASIN_ERROR_RUNTIME;
    }
    if (n == 2 && in[1]) {
      basin_tensor* keep[] = {in[1]};
      if (basin_status s = autograd().save(saved, keep, 1)) return s;
    }
    return ops().round(in[0], out);
  }
  static basin_status backward(void* user, basin_saved* saved, basin_tensor* const* gradients, uint32_t,
                               basin_tensor** out, uint32_t n) {
    if (static_cast<Rounding*>(user)->fail_backward) {
      basin::host_table()->set_error("the straight-through gradient went wrong");
      return BASIN_ERROR_IO;
    }
    if (n == 1) return ops().clone(gradients[0], &out[0]);
    basin_tensor* factor = nullptr;
    if (basin_status s = autograd().saved(saved, &factor, 1)) return s;
    const basin_status status = ops().mul(gradients[0], factor, &out[0]);
    tensors().release(factor);
    return status;
  }
};

static at::Tensor gradient_of(const at::Tensor& y, const at::Tensor& x, bool create = false) {
  Handle hy = y, hx = x, out;
  basin_tensor *outputs[] = {hy}, *inputs[] = {hx};
  ok(autograd().gradients(outputs, 1, inputs, 1, create, &out));
  return out.tensor();
}

TEST_CASE("gradients of sums, absent ones null, nothing accumulated") {
  const at::Tensor x = numbers({3}).requires_grad_(), w = numbers({3}, 1).requires_grad_(), c = numbers({3}, 2);
  Handle y = x * x * c, hx = x, hw = w, hc = c;
  basin_tensor *outputs[] = {y}, *inputs[] = {hx, hw, hc}, *out[] = {nullptr, nullptr, nullptr};
  ok(autograd().gradients(outputs, 1, inputs, 3, 0, out));
  CHECK(difference(basin::steal(out[0]), 2 * x.detach() * c) < 1e-6);
  CHECK(out[1] == nullptr);
  CHECK(out[2] == nullptr);
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("gradients of gradients") {
  const at::Tensor x = numbers({3}).requires_grad_();
  const at::Tensor first = gradient_of(x * x * x, x, true);
  CHECK(difference(gradient_of(first, x), 6 * x.detach()) < 1e-6);
}

TEST_CASE("recording is switched on and off") {
  Handle x = numbers({2});
  ok(autograd().require_gradient(x, 1));
  CHECK(autograd().set_recording(0) == 1);
  Handle y;
  ok(ops().mul(x, x, &y));
  CHECK(autograd().set_recording(1) == 0);
  CHECK_FALSE(y.tensor().requires_grad());
  Handle z, d;
  ok(ops().mul(x, x, &z));
  CHECK(z.tensor().requires_grad());
  ok(autograd().detach(z, &d));
  CHECK_FALSE(d.tensor().requires_grad());
  CHECK(d.tensor().data_ptr() == z.tensor().data_ptr());
  Handle integers = at::ones({2}, at::kLong);
  CHECK(autograd().require_gradient(integers, 1) != BASIN_OK);
}

TEST_CASE("a differentiable function: exact straight-through gradients, destroyed once") {
  Rounding rounding;
  const auto f = Rounding::function(&rounding);
  {
    const at::Tensor x = (numbers({5}) * 3).requires_grad_();
    Handle hx = x, y;
    basin_tensor* inputs[] = {hx};
    ok(autograd().apply(&f, inputs, 1, &y, 1));
    CHECK(at::equal(y.tensor(), at::round(x)));
    CHECK(rounding.destroyed == 0);  // the graph lives
    const at::Tensor c = numbers({5}, 1);
    CHECK(at::equal(gradient_of(y.tensor() * c, x), c));
  }
  CHECK(rounding.destroyed == 1);
}

TEST_CASE("a differentiable function with saved tensors and absent inputs") {
  Rounding rounding;
  const auto f = Rounding::function(&rounding);
  const at::Tensor x = numbers({5}).requires_grad_(), factor = numbers({5}, 1);
  Handle hx = x, hf = factor, y;
  basin_tensor* inputs[] = {hx, hf};
  ok(autograd().apply(&f, inputs, 2, &y, 1));
  CHECK(at::equal(gradient_of(y.tensor(), x), factor));
  Handle z;
  basin_tensor* lacking[] = {hx, nullptr};
  const basin_function absent{sizeof(basin_function),
                              1,
                              [](void*, basin_saved*, basin_tensor* const* in, uint32_t n, basin_tensor** out,
                                 uint32_t) { return n == 2 && !in[1] ? ops().neg(in[0], out) : BASIN_ERROR_ARGUMENT; },
                              [](void*, basin_saved*, basin_tensor* const* g, uint32_t, basin_tensor** out,
                                 uint32_t n) { return n == 2 ? ops().neg(g[0], out) : BASIN_ERROR_ARGUMENT; },
                              nullptr,
                              nullptr};
  ok(autograd().apply(&absent, lacking, 2, &z, 1));
  CHECK(at::equal(gradient_of(z.tensor(), x), -at::ones({5})));
}

TEST_CASE("two outputs: null where no gradient came") {
  static int nulls;
  nulls = 0;
  const basin_function two{sizeof(basin_function),
                           2,
                           [](void*, basin_saved*, basin_tensor* const* in, uint32_t, basin_tensor** out, uint32_t) {
                             if (basin_status s = ops().mul_scalar(in[0], 2, &out[0])) return s;
                             return ops().mul_scalar(in[0], 3, &out[1]);
                           },
                           [](void*, basin_saved*, basin_tensor* const* g, uint32_t n, basin_tensor** out, uint32_t) {
                             for (uint32_t i = 0; i < n; ++i) nulls += !g[i];
                             return ops().mul_scalar(g[1], 3, &out[0]);
                           },
                           nullptr,
                           nullptr};
  const at::Tensor x = numbers({2}).requires_grad_();
  Handle hx = x;
  basin_tensor *inputs[] = {hx}, *out[2] = {};
  ok(autograd().apply(&two, inputs, 1, out, 2));
  const at::Tensor first = basin::steal(out[0]), second = basin::steal(out[1]);
  CHECK(at::equal(gradient_of(second, x), at::full({2}, 3.0)));
  CHECK(nulls == 1);
  Handle one;
  CHECK(autograd().apply(&two, inputs, 1, &one, 1) == BASIN_ERROR_ARGUMENT);
}

TEST_CASE("a function without recording leaves no graph") {
  Rounding rounding;
  const auto f = Rounding::function(&rounding);
  const at::NoGradGuard no_grad;
  Handle x = numbers({2}), y;
  ok(autograd().require_gradient(x, 1));
  basin_tensor* inputs[] = {x};
  ok(autograd().apply(&f, inputs, 1, &y, 1));
  CHECK_FALSE(y.tensor().requires_grad());
  CHECK(rounding.destroyed == 1);
}

TEST_CASE("failures in callbacks keep status and sentence, and leave the engine usable") {
  Rounding rounding;
  const auto f = Rounding::function(&rounding);
  const at::Tensor x = numbers({5}).requires_grad_();
  Handle hx = x;
  basin_tensor* inputs[] = {hx};
  {
    rounding.fail_forward = true;
    Handle y;
    CHECK(autograd().apply(&f, inputs, 1, &y, 1) == BASIN_ERROR_RUNTIME);
    CHECK(sentence() == "rounding went wrong");
    CHECK(rounding.destroyed == 1);
    rounding.fail_forward = false;
  }
  {
    rounding.fail_backward = true;
    Handle y, out;
    ok(autograd().apply(&f, inputs, 1, &y, 1));
    basin_tensor* outputs[] = {y};
    CHECK(autograd().gradients(outputs, 1, inputs, 1, 0, &out) == BASIN_ERROR_IO);
    CHECK(sentence() == "the straight-through gradient went wrong");
    rounding.fail_backward = false;
  }
  CHECK(rounding.destroyed == 2);
  CHECK(at::equal(gradient_of(x * x, x), 2 * x.detach()));
  Handle y;
  ok(autograd().apply(&f, inputs, 1, &y, 1));
  CHECK(at::equal(gradient_of(y.tensor(), x), at::ones({5})));
}

TEST_CASE("apply destroys what it was given wherever it fails, but for a struct that it cannot read") {
  Rounding rounding;
  auto f = Rounding::function(&rounding);
  const at::Tensor x = numbers({5});
  Handle hx = x, y;
  basin_tensor* inputs[] = {hx};
  SECTION("another number of outputs") {
    basin_tensor* out[2] = {};
    CHECK(autograd().apply(&f, inputs, 1, out, 2) == BASIN_ERROR_ARGUMENT);
    CHECK(rounding.destroyed == 1);
  }
  SECTION("no forward") {
    f.forward = nullptr;
    CHECK(autograd().apply(&f, inputs, 1, &y, 1) == BASIN_ERROR_ARGUMENT);
    CHECK(rounding.destroyed == 1);
  }
  SECTION("a size that ends before user") {
    f.size = offsetof(basin_function, user);
    CHECK(autograd().apply(&f, inputs, 1, &y, 1) == BASIN_ERROR_ARGUMENT);
    CHECK(rounding.destroyed == 0);
  }
}
