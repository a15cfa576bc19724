// Models: built by a plugin, laid out, run, saved, copied, shown.
#include "model/model.hpp"

#include <nlohmann/json.hpp>

#include "model/safetensors.hpp"
#include "plugin/support.hpp"

using namespace basin;

namespace {

Spec toy_model(std::vector<Option> options = {}) {
  static auto* registry = [] {
    add_abi_interfaces();
    start_host();
    add_model_factory();
    auto* r = new Registry;
    r->load(toy("toy_model"));
    return r;
  }();
  return check_options(registry->find("model", "toy_model"), std::move(options));
}

std::string failure(const char* fault) {
  return sentence_of([&] { Model::create(toy_model({{"fault", std::string(fault), ""}})); });
}

Tensor run(Model& model, const Tensor& x) {
  Context context(0, 0, {0, 1});
  return model.forward(context, {x, at::zeros({x.size(0)})})[0];
}

}  // namespace

TEST_CASE("A model is built and described") {
  auto model = Model::create(toy_model());
  CHECK(model->kind() == "model");
  CHECK(model->target() == BASIN_TARGET_EPSILON);
  CHECK((model->sample_shape() == std::vector<int64_t>{3, -1, -1}));
  CHECK_FALSE(model->learns_variance());
  CHECK(model->parameters().list().size() == 12);
  CHECK(model->parameters().count_values() == 3 * 4 * 9 + 4 + 8 + 3 * (4 * 4 * 9 + 4) + 4 * 3 + 3);
  Tensor out = run(*model, at::ones({2, 3, 5, 6}));
  CHECK(out.sizes() == at::IntArrayRef({2, 3, 5, 6}));
  CHECK(make_object(toy_model())->kind() == "model");
  CHECK(std::dynamic_pointer_cast<Model>(make_object(toy_model())));
}

TEST_CASE("Convolution weights lie channels_last, and initial values depend on the seed alone") {
  auto a = Model::create(toy_model()), b = Model::create(toy_model());
  CHECK(a->parameters().find("in.weight")->value.is_contiguous(at::MemoryFormat::ChannelsLast));
  for (const auto& [name, value] : a->weights()) CHECK(at::equal(value, b->weights().at(name)));
  b->initialize(1);
  CHECK_FALSE(at::equal(a->weights().at("in.weight"), b->weights().at("in.weight")));
  b->initialize(0);
  CHECK(at::equal(a->weights().at("in.weight"), b->weights().at("in.weight")));
}

TEST_CASE("Weights are memory of their own, contiguous, and load puts them back") {
  auto a = Model::create(toy_model()), b = Model::create(toy_model());
  b->initialize(5);
  auto weights = b->weights();
  for (const auto& [name, value] : weights) CHECK(value.is_contiguous());
  a->load(weights, "here");
  CHECK_FALSE(a->initial);
  weights.at("in.weight").zero_();
  CHECK(at::equal(a->weights().at("in.weight"), b->weights().at("in.weight")));
  CHECK(a->parameters().groups()[0].values.equal(b->parameters().groups()[0].values));
  Tensor x = at::randn({2, 3, 8, 8});
  CHECK(at::equal(run(*a, x), run(*b, x)));
  auto half = b->weights();
  for (auto& [name, value] : half) value = value.to(at::kHalf);
  a->load(half, "half");
  CHECK(at::allclose(a->weights().at("in.weight"), b->weights().at("in.weight"), 1e-3, 1e-3));
}

TEST_CASE("Weights that do not fit are refused by name and file, and nothing changes") {
  auto model = Model::create(toy_model());
  auto before = model->weights();
  auto refusal = [&](auto&& change) {
    auto weights = model->weights();
    for (auto& [name, value] : weights) value = at::ones_like(value);
    change(weights);
    auto sentence = sentence_of([&] { model->load(weights, "runs/w.safetensors"); });
    CHECK(has(sentence, "'runs/w.safetensors'"));
    for (const auto& [name, value] : model->weights()) CHECK(at::equal(value, before.at(name)));
    return sentence;
  };
  CHECK(has(refusal([](auto& w) { w.erase("out.bias"); }), "holds no 'out.bias'"));
  CHECK(has(refusal([](auto& w) { w["out.bais"] = at::ones({3}); }),
            "'out.bais', which model 'toy_model' has not; the nearest it has is 'out.bias'"));
  CHECK(has(refusal([](auto& w) {
              w["out.weight"] = at::ones({3, 4});
            }),
            "'out.weight' as [3,4], and model 'toy_model' has [3,4,1,1]"));
  CHECK(has(refusal([](auto& w) { w["out.bias"] = at::ones({3}, at::kLong); }), "whole numbers"));
}

TEST_CASE("A copy has the same weights and none of the original's future") {
  auto a = Model::create(toy_model({{"channels", int64_t{8}, ""}}));
  a->initialize(3);
  a->label = "ema";
  a->initial = false;
  a->to(at::kCPU, Precision::bf16);
  auto b = a->copy();
  CHECK(b->label == "ema");
  CHECK(b->precision() == Precision::bf16);
  CHECK_FALSE(b->initial);
  CHECK(b->describe() == a->describe());
  at::NoGradGuard no_grad;
  a->parameters().groups()[0].values.zero_();
  CHECK(b->weights().at("in.weight").abs().sum().item<float>() > 0);
}

TEST_CASE("A model describes its weights once they are not initial") {
  auto model = Model::create(toy_model());
  CHECK_FALSE(model->describe().contains("weights"));
  model->load(model->weights(), "x");
  auto first = model->describe()["weights"];
  CHECK(first.get<std::string>().size() == 64);
  {
    at::NoGradGuard no_grad;
    model->parameters().find("out.bias")->value.add_(1);  // through a view: the arena's version must see it
  }
  CHECK(model->describe()["weights"] != first);
  auto other = Model::create(toy_model());
  other->load(model->weights(), "y");
  CHECK(other->describe() == model->describe());
}

TEST_CASE("Inputs and outputs of a wrong shape are named") {
  auto model = Model::create(toy_model());
  Context context(0, 0, {0});
  auto forward = [&](std::vector<Tensor> inputs) { return sentence_of([&] { model->forward(context, inputs); }); };
  Tensor x = at::ones({1, 3, 4, 4}), t = at::zeros({1});
  CHECK(forward({x, t}).empty());
  CHECK(forward({at::ones({1, 4, 4, 4}), t}) == "model 'toy_model' takes 'x' as [B,3,any,any], and [1,4,4,4] came");
  CHECK(has(forward({at::ones({3, 4, 4}), t}), "[3,4,4] came"));
  CHECK(has(forward({x, at::zeros({2})}), "takes 't' as [B], and [2] came"));
  CHECK(has(forward({x}), "needs its input 't'"));
  CHECK(has(forward({Tensor(), t}), "needs its input 'x'"));
  CHECK(has(forward({x, t, t}), "takes 2 inputs, and 3 came"));
  auto broken = [&](const char* fault) {
    auto m = Model::create(toy_model({{"fault", std::string(fault), ""}}));
    return sentence_of([&] { m->forward(context, {x, t}); });
  };
  CHECK(has(broken("shape"), "describes output 'prediction' as [B,3,any,any], and gave [1,4,4]"));
  CHECK(has(broken("nothing"), "gave nothing"));
  CHECK(broken("throw") == "model 'toy_model' (plugin toy_model 0.1.0) in forward: it lost its way");
}

TEST_CASE("A model that is built or described wrongly is refused") {
  CHECK(has(failure("build"), "it cannot be built on a Monday"));
  CHECK(has(failure("no x"), "no input 'x'"));
  CHECK(has(failure("no prediction"), "no output 'prediction'"));
  CHECK(has(failure("target"), "77"));
  CHECK(has(failure("block"), "began block 'middle' and did not end it"));
  CHECK(has(failure("twice"), "in.weight"));
}

TEST_CASE("A model begins with the weights it names") {
  Scratch scratch;
  auto trained = Model::create(toy_model());
  trained->initialize(9);
  write_safetensors(scratch.path / "w.safetensors", trained->weights());
  auto model = Model::create(toy_model({{"weights", (scratch.path / "w.safetensors").string(), ""}}));
  CHECK_FALSE(model->initial);
  CHECK(at::equal(model->weights().at("in.weight"), trained->weights().at("in.weight")));
  auto missing = sentence_of([&] { Model::create(toy_model({{"weights", std::string("beside.safetensors"), ""}})); });
  CHECK(has(missing, (toy("toy_model").parent_path() / "beside.safetensors").string()));
}

TEST_CASE("The tree shows layers, shapes and counts, and neighbours that are alike once") {
  CHECK(Model::create(toy_model())->tree() ==
        "toy_model: x [3,any,any], t -> prediction [3,any,any]\n"
        "├─ in           conv 3x3 3 -> 4            112\n"
        "├─ norm.0       norm 4, 1 group, silu        8\n"
        "├─ body                                    444\n"
        "│  └─ 0-2.conv  conv 3x3 4 -> 4        3 x 148\n"
        "└─ out          conv 1x1 4 -> 3             15\n"
        "579 parameters in 12 tensors");
}
