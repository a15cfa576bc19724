// Operators by schema: every tag, what is refused and how it is said.
#include "support.hpp"

static const char* kAdd = "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor";

static basin_status try_find(const char* schema) {
  const basin_op* op = nullptr;
  return tensors().find_op(schema, &op);
}

TEST_CASE("trailing arguments take the schema's defaults") {
  Handle a = numbers({4}), b = numbers({4}, 1);
  const at::Tensor x = a.tensor(), y = b.tensor();
  CHECK(at::equal(call(find(kAdd), {tensor_value(a), tensor_value(b)}), x + y));
  CHECK(at::equal(call(find(kAdd), {tensor_value(a), tensor_value(b), value(BASIN_ARG_DEFAULT)}), x + y));
  CHECK(at::equal(call(find(kAdd), {tensor_value(a), tensor_value(b), int_value(2)}), at::add(x, y, 2)));
  CHECK(at::equal(call(find(kAdd), {tensor_value(a), tensor_value(b), float_value(0.5)}), at::add(x, y, 0.5)));
  CHECK(find(kAdd) == find(kAdd));
}

TEST_CASE("every tag of an argument") {
  Handle a = numbers({2, 3, 4, 4}), w = numbers({5, 3, 3, 3}, 1);
  const at::Tensor x = a.tensor();
  const auto* conv = find(
      "aten::conv2d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=1, SymInt[2] padding=0, SymInt[2] "
      "dilation=1, SymInt groups=1) -> Tensor");
  const std::vector<int64_t> one{1, 1};
  const auto expected = at::conv2d(x, w.tensor(), {}, 1, 1);
  // NONE, INTS, and one INT for a list of fixed length
  CHECK(at::equal(call(conv, {tensor_value(a), tensor_value(w), value(BASIN_ARG_NONE), ints_value(one), int_value(1)}),
                  expected));
  // DTYPE, BOOL, LAYOUT
  const auto* to = find(
      "aten::to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat? "
      "memory_format=None) -> Tensor(a)");
  const auto moved =
      call(to, {tensor_value(a), int_value(BASIN_BFLOAT16, BASIN_ARG_DTYPE), int_value(0, BASIN_ARG_BOOL),
                int_value(1, BASIN_ARG_BOOL), int_value(BASIN_CHANNELS_LAST, BASIN_ARG_MEMORY_FORMAT)});
  CHECK(moved.scalar_type() == at::kBFloat16);
  CHECK(moved.is_contiguous(at::MemoryFormat::ChannelsLast));
  // DEVICE
  const auto* zeros = find(
      "aten::zeros(SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? "
      "pin_memory=None) -> Tensor");
  CHECK(call(zeros, {ints_value({2, 2}), int_value(BASIN_FLOAT64, BASIN_ARG_DTYPE), value(BASIN_ARG_NONE),
                     int_value(BASIN_CPU, BASIN_ARG_DEVICE)})
            .scalar_type() == at::kDouble);
  // STRING and TENSORS
  const auto* einsum = find("aten::einsum(str equation, Tensor[] tensors, *, int[]? path=None) -> Tensor");
  Handle m = numbers({3, 4}), n = numbers({4, 2});
  basin_tensor* pair[] = {m, n};
  basin_value equation = value(BASIN_ARG_STRING), list = value(BASIN_ARG_TENSORS);
  equation.u.s = "ij,jk->ik";
  list.u.tensors = pair;
  list.count = 2;
  CHECK(difference(call(einsum, {equation, list}), at::matmul(m.tensor(), n.tensor())) < 1e-6);
  // TENSORS with an absent one
  const auto* index = find("aten::index.Tensor(Tensor self, Tensor?[] indices) -> Tensor");
  Handle rows = at::tensor(std::vector<int64_t>{1, 0});
  basin_tensor* indices[] = {nullptr, rows};
  basin_value places = value(BASIN_ARG_TENSORS);
  places.u.tensors = indices;
  places.count = 2;
  CHECK(at::equal(call(index, {tensor_value(m), places}), m.tensor().index_select(1, rows.tensor())));
  // FLOATS
  const auto* upsample =
      find("aten::upsample_nearest2d.vec(Tensor input, SymInt[]? output_size, float[]? scale_factors) -> Tensor");
  const double factors[] = {2, 2};
  basin_value scales = value(BASIN_ARG_FLOATS);
  scales.u.floats = factors;
  scales.count = 2;
  CHECK(at::equal(call(upsample, {tensor_value(a), value(BASIN_ARG_NONE), scales}), at::upsample_nearest2d(x, {8, 8})));
  // a list of scalars from FLOATS
  const auto* foreach_add = find("aten::_foreach_add_.ScalarList(Tensor(a!)[] self, Scalar[] scalars) -> ()");
  Handle u = at::zeros({2}), v = at::zeros({3});
  basin_tensor* group[] = {u, v};
  basin_value many = value(BASIN_ARG_TENSORS);
  many.u.tensors = group;
  many.count = 2;
  const basin_value arguments[] = {many, scales};
  ok(tensors().call(foreach_add, arguments, 2, nullptr, nullptr));
  CHECK(at::equal(v.tensor(), at::full({3}, 2.0)));
}

TEST_CASE("BOOLS, and several results") {
  const auto* backward = find(
      "aten::native_layer_norm_backward(Tensor grad_out, Tensor input, SymInt[] normalized_shape, Tensor mean, Tensor "
      "rstd, Tensor? weight, Tensor? bias, bool[3] output_mask) -> (Tensor, Tensor, Tensor)");
  const at::Tensor x = numbers({3, 4}), weight = numbers({4}, 1), bias = numbers({4}, 2);
  const auto [y, mean, rstd] = at::native_layer_norm(x, {4}, weight, bias, 1e-5);
  Handle g = at::ones_like(y), hx = x, hm = mean, hr = rstd, hw = weight, hb = bias;
  const uint8_t mask[] = {1, 0, 1};
  basin_value wanted = value(BASIN_ARG_BOOLS);
  wanted.u.bools = mask;
  wanted.count = 3;
  const std::vector<int64_t> shape{4};
  const basin_value arguments[] = {tensor_value(g),  tensor_value(hx), ints_value(shape), tensor_value(hm),
                                   tensor_value(hr), tensor_value(hw), tensor_value(hb),  wanted};
  basin_value results[3];
  uint32_t n = 3;
  ok(tensors().call(backward, arguments, 8, results, &n));
  REQUIRE(n == 3);
  CHECK(results[0].tag == BASIN_ARG_TENSOR);
  CHECK(results[1].tag == BASIN_ARG_NONE);  // not asked for
  CHECK(at::equal(basin::Borrowed(results[2].u.t).get(), at::full({4}, 3.0)));
  tensors().release(results[0].u.t);
  tensors().release(results[2].u.t);

  n = 2;
  CHECK(tensors().call(backward, arguments, 8, results, &n) == BASIN_ERROR_ARGUMENT);
  CHECK(says("3 results"));
  CHECK(n == 3);
}

TEST_CASE("results that are lists, numbers, booleans, dtypes") {
  Handle a = numbers({6});
  const auto* split = find("aten::split.Tensor(Tensor(a -> *) self, SymInt split_size, int dim=0) -> Tensor(a)[]");
  basin_value results[4];
  uint32_t n = 4;
  const basin_value arguments[] = {tensor_value(a), int_value(2)};
  ok(tensors().call(split, arguments, 2, results, &n));
  REQUIRE(n == 3);
  CHECK(at::equal(basin::Borrowed(results[2].u.t).get(), a.tensor().narrow(0, 4, 2)));
  for (uint32_t i = 0; i < n; ++i) tensors().release(results[i].u.t);

  n = 1;
  const auto* item = find("aten::item(Tensor self) -> Scalar");
  Handle one = at::full({1}, 2.5), flag = at::ones({1}, at::kBool);
  basin_value argument = tensor_value(one);
  ok(tensors().call(item, &argument, 1, results, &n));
  CHECK(results[0].tag == BASIN_ARG_FLOAT);
  CHECK(results[0].u.f == 2.5);
  argument = tensor_value(flag);
  ok(tensors().call(item, &argument, 1, results, &n));
  CHECK(results[0].tag == BASIN_ARG_BOOL);
  const auto* type = find("aten::result_type.Tensor(Tensor tensor, Tensor other) -> ScalarType");
  const basin_value two[] = {tensor_value(a), tensor_value(a)};
  ok(tensors().call(type, two, 2, results, &n));
  CHECK(results[0].tag == BASIN_ARG_DTYPE);
  CHECK(results[0].u.i == BASIN_FLOAT32);
}

TEST_CASE("opaque objects: packed weights") {
  const auto* pack = find(
      "mkldnn_prepacked::conv2d_prepack(Tensor W, Tensor? B, int[2] stride, int[2] padding, int[2] dilation, int "
      "groups, "
      "int[4] input_size, str attr) -> __torch__.torch.classes.mkldnn.ConvOpContext");
  const auto* run = find(
      "mkldnn_prepacked::conv2d_run(Tensor X, __torch__.torch.classes.mkldnn.ConvOpContext W_prepack) -> Tensor Y");
  Handle x = numbers({1, 3, 8, 8}), w = numbers({4, 3, 3, 3});
  const std::vector<int64_t> one{1, 1}, shape{1, 3, 8, 8};
  basin_value attribute = value(BASIN_ARG_STRING);
  attribute.u.s = "none";
  const basin_value arguments[] = {tensor_value(w), value(BASIN_ARG_NONE), ints_value(one),   ints_value(one),
                                   ints_value(one), int_value(1),          ints_value(shape), attribute};
  basin_value packed;
  uint32_t n = 1;
  ok(tensors().call(pack, arguments, 8, &packed, &n));
  REQUIRE(packed.tag == BASIN_ARG_OPAQUE);
  CHECK(difference(call(run, {tensor_value(x), packed}), at::conv2d(x.tensor(), w.tensor(), {}, 1, 1)) < 1e-4);
  tensors().release_opaque(packed.u.opaque);
}

TEST_CASE("a schema of an older engine is accepted, a different one refused with both sides") {
  ok(try_find("aten::add.Tensor(Tensor self, Tensor other) -> Tensor"));  // before alpha was added
  CHECK(try_find("aten::add.Tensor(Tensor self, Tensor other, *, Scalar beta=1) -> Tensor") == BASIN_ERROR_ABI);
  CHECK(says("Scalar beta=1"));
  CHECK(says("Scalar alpha=1"));
  CHECK(try_find("aten::no_such_thing(Tensor self) -> Tensor") == BASIN_ERROR_NOT_FOUND);
  CHECK(says("aten::no_such_thing"));
  CHECK(try_find("add(self") == BASIN_ERROR_ARGUMENT);
  CHECK(says("not an operator's schema"));
  CHECK(try_find(nullptr) == BASIN_ERROR_ARGUMENT);
}

TEST_CASE("wrong arguments are said by name and type") {
  Handle a = numbers({4});
  basin_value results[1];
  uint32_t n = 1;
  basin_value arguments[] = {tensor_value(a), float_value(1), float_value(1), float_value(1)};
  CHECK(tensors().call(find(kAdd), arguments, 2, results, &n) == BASIN_ERROR_ARGUMENT);
  CHECK(says("'other'"));
  CHECK(says("Tensor"));
  CHECK(says("a float"));
  CHECK(tensors().call(find(kAdd), arguments, 1, results, &n) == BASIN_ERROR_ARGUMENT);
  CHECK(says("'other' (Tensor) has no default"));
  CHECK(tensors().call(find(kAdd), arguments, 4, results, &n) == BASIN_ERROR_ARGUMENT);
  CHECK(says("3 arguments"));
  // the engine's own number of a dtype is not Basin's
  const auto* sum = find("aten::sum(Tensor self, *, ScalarType? dtype=None) -> Tensor");
  const basin_value two[] = {tensor_value(a), int_value(7)};
  CHECK(tensors().call(sum, two, 2, results, &n) == BASIN_ERROR_ARGUMENT);
}

TEST_CASE("operators that draw random numbers are refused") {
  for (const char* schema :
       {"aten::rand(SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? "
        "pin_memory=None) -> Tensor",
        "aten::randn_like(Tensor self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? "
        "pin_memory=None, MemoryFormat? memory_format=None) -> Tensor",
        "aten::bernoulli(Tensor self, *, Generator? generator=None) -> Tensor",
        "aten::normal_(Tensor(a!) self, float mean=0, float std=1, *, Generator? generator=None) -> Tensor(a!)",
        "aten::dropout(Tensor input, float p, bool train) -> Tensor",
        "aten::multinomial(Tensor self, SymInt num_samples, bool replacement=False, *, Generator? generator=None) -> "
        "Tensor"}) {
    INFO(schema);
    CHECK(try_find(schema) == BASIN_ERROR_ARGUMENT);
    CHECK(says("draws random numbers"));
  }
  const auto* attention = find(
      "aten::scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float "
      "dropout_p=0.0, bool is_causal=False, *, float? scale=None, bool enable_gqa=False) -> Tensor");
  Handle q = numbers({1, 2, 4, 8});
  CHECK(call(attention, {tensor_value(q), tensor_value(q), tensor_value(q)}).sizes() == q.tensor().sizes());
  const basin_value arguments[] = {tensor_value(q), tensor_value(q), tensor_value(q), value(BASIN_ARG_NONE),
                                   float_value(0.1)};
  basin_value result;
  uint32_t n = 1;
  CHECK(tensors().call(attention, arguments, 5, &result, &n) == BASIN_ERROR_ARGUMENT);
  CHECK(says("'dropout_p'"));
}

TEST_CASE("no operator of the engine that is called random gets through") {
  std::vector<std::string> through;
  for (const auto& name : c10::Dispatcher::singleton().getAllOpNames()) {
    const auto handle = c10::Dispatcher::singleton().findSchema(name);
    if (!handle || name.name.substr(0, 6) != "aten::") continue;
    const std::string base = name.name.substr(6);
    const bool random = base.find("rand") == 0 || base.find("dropout") != base.npos || base.find("bernoulli") == 0 ||
                        base.find("multinomial") == 0 || base.find("poisson") == 0 || base.find("rrelu") == 0;
    const bool pure = base.find("backward") != base.npos || base == "poisson_nll_loss";
    std::ostringstream schema;
    schema << handle->schema();
    const bool seeded = schema.str().find("seed,") != std::string::npos;  // a function of the seed it is given
    if (!random || pure || seeded) continue;
    if (try_find(schema.str().c_str()) == BASIN_OK) through.push_back(schema.str());
  }
  for (const auto& s : through) WARN(s);
  CHECK(through.empty());
}

TEST_CASE("gradients flow through boxed calls, and calls nest") {
  Handle x = numbers({4});
  ok(autograd().require_gradient(x, 1));
  const auto* mul = find("aten::mul.Tensor(Tensor self, Tensor other) -> Tensor");
  Handle y = call(mul, {tensor_value(x), tensor_value(x)});
  Handle gradient;
  basin_tensor *outputs[] = {y}, *inputs[] = {x};
  ok(autograd().gradients(outputs, 1, inputs, 1, 0, &gradient));
  CHECK(at::equal(gradient.tensor(), 2 * x.tensor().detach()));
}
