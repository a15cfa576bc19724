// A model at work, its weights random: the outputs, and their gradient against finite differences.
#include "model/model.hpp"
#include "check/gates.hpp"
#include "check/test.hpp"

namespace basin::checking {
namespace {

constexpr int64_t kAnySize = 32;  // of an image where the model takes any: every network that halves it a few times can

std::vector<int64_t> sizes_of(const Port& port, int64_t batch) {
  std::vector<int64_t> sizes = {batch};
  for (int64_t size : port.sizes) sizes.push_back(size < 0 ? kAnySize : size);
  return sizes;
}

std::shared_ptr<Model> make_model(Subject& subject) {
  auto model = Model::create(subject.spec(subject.part()));
  const at::NoGradGuard no_grad;
  // Away from where it begins: a layer that begins as zeros would hide what is behind it.
  uint64_t group_number = 0;
  for (auto& group : model->parameters().groups())
    group.values.add_(some_values(subject.request.seed, 500 + group_number++, {group.values.numel()}, 0.05));
  return model;
}

// Inputs as declared, row i a function of (seed, i).
std::vector<Tensor> inputs_of(Model& model, uint64_t seed, int64_t batch) {
  std::vector<Tensor> out;
  uint64_t number = 0;
  for (const Port& port : model.inputs()) {
    const auto sizes = sizes_of(port, batch);
    std::vector<Tensor> rows;
    for (int64_t i = 0; i < batch; i++) {
      const uint64_t what = 1000 * (1 + number) + static_cast<uint64_t>(i);
      if (port.name == "t")
        rows.push_back(at::full({1}, static_cast<double>(37 + 211 * i % 900), at::kFloat).squeeze(0));
      else if (port.classes > 0) rows.push_back(at::full({}, i % port.classes, at::kLong));
      else {
        Tensor row = some_values(seed, what, at::IntArrayRef(sizes).slice(1), 0.5);
        if (port.name == "x") {  // into the range that the model says
          const double low = model.input_minimum(), high = model.input_maximum();
          row = (row.clamp(-1, 1) + 1) * ((high - low) / 2) + low;
        }
        rows.push_back(row);
      }
    }
    out.push_back(at::stack(rows));
    number++;
  }
  return out;
}

std::vector<int64_t> ids(int64_t n) {
  std::vector<int64_t> out;
  for (int64_t i = 0; i < n; i++) out.push_back(i);
  return out;
}

std::vector<Tensor> run(Model& model, uint64_t seed, const std::vector<Tensor>& inputs, const std::vector<int64_t>& ids,
                        bool training = false) {
  Context context(seed, 0, ids, training);
  return model.forward(context, inputs);
}

void forward(Subject& subject) {
  const at::NoGradGuard no_grad;
  auto model = make_model(subject);
  const uint64_t seed = subject.request.seed;
  for (bool training : {false, true})
    for (int64_t batch : {1, 3}) {
      const auto inputs = inputs_of(*model, seed, batch);
      const auto a = run(*model, seed, inputs, ids(batch), training),
                 b = run(*model, seed, inputs, ids(batch), training);
      for (size_t i = 0; i < a.size(); i++) {
        const std::string name = "output '" + model->outputs()[i].name + "'";
        expect(a[i].size(0) == batch,
               name + " has " + std::to_string(a[i].size(0)) + " rows for a batch of " + std::to_string(batch));
        expect(at::isfinite(a[i]).all().item<bool>(), name + " is not finite");
        expect(same_bits(a[i], b[i]),
               name + " differs between two runs of the same inputs" +
                   (training ? " while training: its randomness is not that of the context" : ""));
      }
    }
  subject.passed =
      std::to_string(model->parameters().count_values()) + " parameters; shapes as declared, twice the same";
}

void rows(Subject& subject) {
  const at::NoGradGuard no_grad;
  auto model = make_model(subject);
  const uint64_t seed = subject.request.seed;
  const auto inputs = inputs_of(*model, seed, 3);
  std::vector<Tensor> second;
  for (const Tensor& input : inputs) second.push_back(input.slice(0, 1, 2));
  const auto all = run(*model, seed, inputs, {0, 1, 2}), one = run(*model, seed, second, {1});
  for (size_t i = 0; i < all.size(); i++) {
    const Tensor x = all[i].slice(0, 1, 2);
    const double off = ((x - one[i]).norm() / (x.norm() + 1e-12)).item<double>();
    expect(off < 1e-4, "output '" + model->outputs()[i].name +
                           "' of a sample depends on the others in its batch: alone it differs by " +
                           std::to_string(off) + " of its length");
  }
}

// d/de of sum(outputs * weights) along a direction in the parameters and x, by the engine and by central differences.
void gradient(Subject& subject) {
  constexpr double kTolerance = 0.01;
  auto model = make_model(subject);
  Parameters& parameters = model->parameters();
  const uint64_t seed = subject.request.seed;
  const auto inputs = inputs_of(*model, seed, 2);
  std::vector<Tensor> weights;
  const auto weighted = [&](const std::vector<Tensor>& outputs) {
    Tensor sum;
    for (size_t i = 0; i < outputs.size(); i++) {
      if (weights.size() <= i) weights.push_back(some_values(seed, 7000 + i, outputs[i].sizes()));
      const Tensor part = (outputs[i].to(at::kDouble) * weights[i]).sum();
      sum = sum.defined() ? sum + part : part;
    }
    return sum;
  };

  std::vector<Tensor> leaves = inputs;
  leaves[0] = leaves[0].clone().requires_grad_();
  {
    const at::AutoGradMode record(true);
    const Tensor sum = weighted(run(*model, seed, leaves, {0, 1}));
    expect(sum.requires_grad(),
           "the outputs do not depend on the parameters or x as far as the engine knows: no gradient");
    parameters.expect_gradients(false);
    sum.backward();
    parameters.collect_gradients(false);
  }
  const at::NoGradGuard no_grad;
  double worst = 0;
  for (const char* of : {"the parameters", "x"}) {
    const bool in_x = std::string(of) == "x";
    if (in_x && !leaves[0].grad().defined()) fail("there is no gradient with respect to x");
    for (uint64_t k = 0; k < 3; k++) {
      std::vector<Tensor> before, direction;
      double exact = 0;
      const auto add = [&](Tensor values, const Tensor& gradient, uint64_t what) {
        before.push_back(values.clone());
        // Half along the gradient, half at random, so that the derivative is not small beside its rounding.
        Tensor d = some_values(seed, what, {values.numel()}).reshape(values.sizes());
        d = d / (d.norm() + 1e-30) + gradient / (gradient.norm() + 1e-30);
        direction.push_back(d);
        exact += (d.to(at::kDouble) * gradient.to(at::kDouble)).sum().item<double>();
      };
      std::vector<Tensor> moved = inputs;
      moved[0] = inputs[0].clone();
      std::vector<Tensor> places;
      if (in_x) places.push_back(moved[0]), add(moved[0], leaves[0].grad(), 8000 + k);
      else
        for (auto& group : parameters.groups())
          places.push_back(group.values), add(group.values, group.gradients, 9000 + k);
      double best = HUGE_VAL, found = 0;
      for (double step : {3e-2, 1e-2, 3e-3, 1e-3}) {
        double sides[2];
        for (int side = 0; side < 2; side++) {
          for (size_t i = 0; i < places.size(); i++) places[i].copy_(before[i] + direction[i] * (side ? -step : step));
          sides[side] = weighted(run(*model, seed, moved, {0, 1})).item<double>();
        }
        for (size_t i = 0; i < places.size(); i++) places[i].copy_(before[i]);
        const double numeric = (sides[0] - sides[1]) / (2 * step);
        const double off = std::abs(numeric - exact) / (std::abs(exact) + 1e-6);
        if (off < best) best = off, found = numeric;
      }
      expect(best < kTolerance, std::string("the derivative along a direction in ") + of + " is " +
                                    std::to_string(exact) + " by its backward pass and " + std::to_string(found) +
                                    " by finite differences");
      worst = std::max(worst, best);
    }
  }
  char text[96];
  std::snprintf(text, sizeof text, "three directions in the parameters and in x, within %.1e of finite differences",
                worst);
  subject.passed = text;
}

}  // namespace

// By hand, so that inputs and context are lent.
void live_model(Subject& subject) {
  const at::NoGradGuard no_grad;
  auto model = Model::create(subject.spec(subject.part()));  // for its description, and inputs that fit
  const auto inputs = inputs_of(*model, subject.request.seed, 2);
  auto object = subject.make();  // gone after the layers that point into it
  basin_builder builder;
  const auto functions = object->functions<basin_model_functions>();
  object->call([&] { return functions.build(object->self(), &builder); });
  builder.parameters.lay_out(at::kCPU, at::MemoryFormat::ChannelsLast);
  builder.parameters.initialize(subject.request.seed);
  for (int call = 0; call < 2; call++) {
    Context context(subject.request.seed, 0, {0, 1});
    std::vector<basin_tensor*> out(model->outputs().size());
    Loan loan("forward returned");
    std::vector<basin_tensor*> in;
    for (size_t i = 0; i < inputs.size(); i++)
      in.push_back(loan.tensor(inputs[i], "input '" + model->inputs()[i].name + "'"));
    const auto* lent_in = loan.memory(in.data(), in.size(), "the list of inputs");
    const auto* lent_context = loan.context(*context.get());
    const auto drop = [&] {
      for (auto*& handle : out) steal(std::exchange(handle, nullptr));
    };
    try {
      object->call([&] {
        return functions.forward(object->self(), lent_context, lent_in, static_cast<uint32_t>(in.size()), out.data(),
                                 static_cast<uint32_t>(out.size()));
      });
    } catch (...) {
      drop();
      throw;
    }
    drop();
  }
}

std::vector<Test> model_tests() {
  return {
      {"model-forward", "model", "The same inputs give the same outputs, finite and of the declared shapes.", forward},
      {"model-batch", "model", "A sample's output does not depend on the others in its batch.", rows},
      {"model-gradient", "model", "Gradients agree with finite differences to 1 %.", gradient}};
}

}  // namespace basin::checking
