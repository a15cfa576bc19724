// Handles, memory, values in and out, DLPack, typed operators.
#include <ATen/dlpack.h>

#include "support.hpp"

static basin_tensor_info info_of(basin_tensor* t) {
  basin_tensor_info info{};
  info.size = sizeof info;
  ok(tensors().info(t, &info));
  return info;
}

TEST_CASE("a tensor from data and back, converted") {
  const float data[] = {1.5f, -2, 3, 4, 5, 6};
  const int64_t sizes[] = {2, 3};
  Handle t;
  ok(tensors().from_data(data, sizes, 2, BASIN_FLOAT32, nullptr, &t));
  const auto info = info_of(t);
  CHECK(info.dtype == BASIN_FLOAT32);
  CHECK(info.device == BASIN_CPU);
  CHECK(info.n_dims == 2);
  CHECK(info.numel == 6);
  CHECK(info.sizes[1] == 3);
  CHECK(info.strides[0] == 3);
  CHECK(info.requires_grad == 0);
  CHECK(std::memcmp(info.data, data, sizeof data) == 0);

  Handle turned;
  const int64_t order[] = {1, 0};
  ok(ops().permute(t, order, 2, &turned));
  double out[6];
  ok(tensors().copy_to(turned, BASIN_FLOAT64, out, sizeof out));
  CHECK(std::vector<double>(out, out + 6) == std::vector<double>{1.5, 4, -2, 5, 3, 6});
  CHECK(tensors().copy_to(turned, BASIN_FLOAT64, out, 24) == BASIN_ERROR_ARGUMENT);
  CHECK(says("48 bytes"));
  double one = 0;
  CHECK(tensors().item(t, &one) == BASIN_ERROR_ARGUMENT);
  void* stream = &one;
  ok(tensors().stream(t, &stream));
  CHECK(stream == nullptr);
}

TEST_CASE("every dtype has its number both ways") {
  for (int32_t dtype = BASIN_FLOAT32; dtype <= BASIN_FLOAT8_E4M3; ++dtype) {
    INFO(dtype);
    CHECK(basin::dtype_of(basin::scalar_type(dtype)) == dtype);
    Handle t;
    const int64_t sizes[] = {3};
    ok(ops().full(sizes, 1, 1, dtype, nullptr, &t));
    CHECK(info_of(t).dtype == dtype);
  }
  Handle odd = at::zeros({2}, at::kComplexFloat);
  CHECK(info_of(odd).dtype == BASIN_OTHER_TYPE);
}

TEST_CASE("an older plugin's smaller struct is filled as far as it goes") {
  Handle t = at::ones({4});
  basin_tensor_info info;
  std::memset(&info, 0x55, sizeof info);
  info.size = offsetof(basin_tensor_info, n_dims);
  ok(tensors().info(t, &info));
  CHECK(info.size == offsetof(basin_tensor_info, n_dims));
  CHECK(info.dtype == BASIN_FLOAT32);
  CHECK(info.n_dims == 0x55555555);
  info.size = 0;
  CHECK(tensors().info(t, &info) == BASIN_ERROR_ARGUMENT);
}

TEST_CASE("references are counted") {
  at::Tensor t = at::ones({2});
  Handle h = t;
  CHECK(t.use_count() == 2);
  tensors().retain(h);
  CHECK(t.use_count() == 3);
  tensors().release(h);
  {
    Handle sum;
    ok(ops().add(h, h, 1, &sum));
  }
  CHECK(t.use_count() == 2);
}

TEST_CASE("memory for writing bumps the version") {
  Handle t = at::zeros({2});
  const auto before = t.tensor()._version();
  void* data = nullptr;
  ok(tensors().mutable_data(t, &data));
  static_cast<float*>(data)[1] = 7;
  CHECK(t.tensor()._version() == before + 1);
  CHECK(t.tensor()[1].item<float>() == 7);

  // so that a backward pass that needs the old values says so
  at::Tensor x = at::ones({2}).requires_grad_();
  Handle factor = at::full({2}, 3.0);
  at::Tensor y = x * factor.tensor();
  ok(tensors().mutable_data(factor, &data));
  Handle hy = y, hx = x, gradient;
  basin_tensor *outputs[] = {hy}, *inputs[] = {hx};
  CHECK(autograd().gradients(outputs, 1, inputs, 1, 0, &gradient) == BASIN_ERROR_RUNTIME);
  CHECK(says("modified by an inplace operation"));
}

TEST_CASE("DLPack there and back shares memory") {
  Handle t = numbers({3, 4});
  void* managed = nullptr;
  ok(tensors().to_dlpack(t, &managed));
  Handle back;
  ok(tensors().from_dlpack(managed, &back));
  CHECK(back.tensor().data_ptr() == t.tensor().data_ptr());
  CHECK(at::equal(back.tensor(), t.tensor()));
}

TEST_CASE("a foreign DLPack tensor is freed once, also when it is refused") {
  static int freed;
  freed = 0;
  static float data[4] = {1, 2, 3, 4};
  static int64_t shape[1] = {4};
  const auto make = [](uint8_t code) {
    auto* m = new DLManagedTensor{};
    m->dl_tensor.data = data;
    m->dl_tensor.device = {kDLCPU, 0};
    m->dl_tensor.ndim = 1;
    m->dl_tensor.dtype = {code, 32, 1};
    m->dl_tensor.shape = shape;
    m->deleter = [](DLManagedTensor* self) {
      ++freed;
      delete self;
    };
    return m;
  };
  {
    Handle t;
    ok(tensors().from_dlpack(make(kDLFloat), &t));
    CHECK(t.tensor().sum().item<float>() == 10);
    CHECK(freed == 0);
  }
  CHECK(freed == 1);
  Handle t;
  CHECK(tensors().from_dlpack(make(200), &t) != BASIN_OK);
  CHECK(freed == 2);
}

TEST_CASE("typed operators are ATen's") {
  const at::Tensor x = numbers({3, 4}), y = numbers({3, 4}, 1);
  Handle a = x, b = y;
  const auto unary = [&](basin_status (*f)(basin_tensor*, basin_tensor**), const at::Tensor& expected) {
    Handle out;
    ok(f(a, &out));
    CHECK(at::equal(out.tensor(), expected));
  };
  unary(ops().neg, -x);
  unary(ops().abs, x.abs());
  unary(ops().exp, x.exp());
  unary(ops().cos, x.cos());
  unary(ops().sin, x.sin());
  unary(ops().round, at::round(x));
  unary(ops().silu, at::silu(x));
  unary(ops().norm, at::linalg_vector_norm(x.to(at::kDouble)).to(at::kFloat));  // added in double
  unary(ops().clone, x);
  unary(ops().contiguous, x);
  const auto result = [](auto f, auto... arguments) {
    Handle out;
    ok(f(arguments..., &out));
    return out.tensor();
  };
  basin_tensor *ha = a, *hb = b;
  Handle positive = x.abs() + 1;
  basin_tensor* hp = positive;
  CHECK(at::equal(result(ops().log, hp), positive.tensor().log()));
  CHECK(at::equal(result(ops().sqrt, hp), positive.tensor().sqrt()));
  CHECK(at::equal(result(ops().add, ha, hb, 0.5), at::add(x, y, 0.5)));
  CHECK(at::equal(result(ops().sub, ha, hb), x - y));
  CHECK(at::equal(result(ops().mul, ha, hb), x * y));
  CHECK(at::equal(result(ops().div, ha, hb), x / y));
  CHECK(at::equal(result(ops().add_scalar, ha, 2.0), x + 2));
  CHECK(at::equal(result(ops().mul_scalar, ha, 2.0), x * 2));
  CHECK(at::equal(result(ops().pow_scalar, hp, 1.5), positive.tensor().pow(1.5)));
  CHECK(at::equal(result(ops().clamp, ha, -0.5, 0.5), x.clamp(-0.5, 0.5)));
  CHECK(at::equal(result(ops().softmax, ha, int64_t{1}), at::softmax(x, 1)));
  Handle square = numbers({4, 4});
  CHECK(at::equal(result(ops().matmul, ha, static_cast<basin_tensor*>(square)), at::matmul(x, square.tensor())));
  const int64_t dim[] = {1}, shape[] = {2, 6}, order[] = {1, 0};
  const int64_t* none = nullptr;
  CHECK(at::equal(result(ops().sum, ha, dim + 0, 1u, 1), x.sum(1, true)));
  CHECK(at::equal(result(ops().sum, ha, none, 0u, 0), x.sum()));
  CHECK(at::equal(result(ops().mean, ha, dim + 0, 1u, 0), x.mean(1)));
  CHECK(at::equal(result(ops().amax, ha, dim + 0, 1u, 0), x.amax(1)));
  CHECK(at::equal(result(ops().amax, ha, none, 0u, 0), x.max()));
  CHECK(at::equal(result(ops().amin, ha, dim + 0, 1u, 1), x.amin(1, true)));
  CHECK(at::equal(result(ops().reshape, ha, shape + 0, 2u), x.reshape({2, 6})));
  CHECK(at::equal(result(ops().permute, ha, order + 0, 2u), x.t()));
  CHECK(at::equal(result(ops().narrow, ha, int64_t{1}, int64_t{1}, int64_t{2}), x.narrow(1, 1, 2)));
  Handle index = at::tensor(std::vector<int64_t>{2, 0});
  CHECK(at::equal(result(ops().index_select, ha, int64_t{0}, static_cast<basin_tensor*>(index)),
                  x.index_select(0, index.tensor())));
  basin_tensor* both[] = {a, b};
  CHECK(at::equal(result(ops().cat, both + 0, 2u, int64_t{0}), at::cat({x, y})));
  CHECK(result(ops().to, ha, static_cast<int32_t>(BASIN_BFLOAT16)).scalar_type() == at::kBFloat16);
}

TEST_CASE("typed operators in place") {
  const at::Tensor x = numbers({5}), y = numbers({5}, 1), z = numbers({5}, 2).abs() + 1;
  Handle a = x.clone(), b = y, c = z;
  at::Tensor expected = x.clone();
  ok(ops().add_(a, b, 2)), expected.add_(y, 2);
  ok(ops().mul_(a, b)), expected.mul_(y);
  ok(ops().mul_scalar_(a, 3)), expected.mul_(3);
  ok(ops().add_scalar_(a, 1)), expected.add_(1);
  ok(ops().lerp_(a, b, 0.25)), expected.lerp_(y, 0.25);
  ok(ops().addcmul_(a, b, c, 0.5)), expected.addcmul_(y, z, 0.5);
  ok(ops().addcdiv_(a, b, c, 0.5)), expected.addcdiv_(y, z, 0.5);
  CHECK(at::equal(a.tensor(), expected));
  ok(ops().copy_(a, b));
  CHECK(at::equal(a.tensor(), y));
  ok(ops().fill_(a, 4));
  CHECK(at::equal(a.tensor(), at::full({5}, 4.0)));
}
