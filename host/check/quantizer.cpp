// A quantizer on a small model with random weights.
#include <basin/quantizer.h>

#include <set>

#include "check/gates.hpp"
#include "check/standins.hpp"
#include "check/test.hpp"
#include "quantize/quantize.hpp"

namespace basin::checking {
namespace {

const basin_parameter* bits_option(Subject& subject) {
  for (const basin_parameter* p : subject.part().parameters)
    if (std::string(p->name) == "bits" && p->type == BASIN_TYPE_INTEGER) return p;
  return nullptr;
}

std::map<std::string, Tensor> weights_of(Model& model) { return model.weights(); }

void levels(Subject& subject) {
  const basin_parameter* option = bits_option(subject);
  if (!option) throw Skip{"it has no option 'bits' that says how many levels there may be"};
  int64_t rows = 0, most = 0;
  const int64_t lowest = static_cast<int64_t>(std::max(1.0, option->minimum));
  for (int64_t bits = lowest; bits <= lowest + 1 && static_cast<double>(bits) <= option->maximum; bits++) {
    auto model = small_model(subject.request.seed);
    auto copy = quantize(*model, subject.make({{"bits", bits, "check"}}));
    const auto before = weights_of(*model);
    for (const auto& [name, after] : weights_of(*copy)) {
      if (same_bits(before.at(name), after) || after.dim() < 2) continue;  // left alone
      const Tensor flat = after.flatten(1).contiguous();
      for (int64_t r = 0; r < flat.size(0); r++, rows++) {
        const float* row = flat.const_data_ptr<float>() + r * flat.size(1);
        const auto n = static_cast<int64_t>(std::set<float>(row, row + flat.size(1)).size());
        most = std::max(most, n);
        expect(n <= int64_t{1} << bits, "row " + std::to_string(r) + " of '" + name + "' has " + std::to_string(n) +
                                            " levels at " + std::to_string(bits) + " bits; at most " +
                                            std::to_string(int64_t{1} << bits) + " can be told apart");
      }
    }
  }
  expect(rows > 0, "it changed no weight of a convolution or linear layer at " + std::to_string(lowest) + " bits");
  subject.passed = "at most " + std::to_string(most) + " levels in each of " + std::to_string(rows) + " rows";
}

void idempotent(Subject& subject) {
  auto model = small_model(subject.request.seed);
  auto once = quantize(*model, subject.make()),
       twice = quantize(*once->copy(), subject.make());  // the copy: a model without the first one's hooks
  const auto a = weights_of(*once);
  for (const auto& [name, value] : weights_of(*twice)) {
    const double off = (value - a.at(name)).abs().max().item<double>(), scale = a.at(name).abs().max().item<double>();
    expect(off <= 1e-5 * scale, "quantizing '" + name + "' again changes it by up to " + std::to_string(off));
  }
}

void report(Subject& subject) {
  auto model = small_model(subject.request.seed);
  auto quantizer = subject.make();
  auto copy = model->copy();
  State state;
  const auto functions = quantizer->functions<basin_quantizer_functions>();
  quantizer->call([&] { return functions.attach(quantizer->self(), &copy->layers(), &state); });
  basin_quantizer_report r{};
  r.size = sizeof r;
  quantizer->call([&] { return functions.report(quantizer->self(), &r); });
  double squares = 0;
  int64_t changed = 0, count = 0;
  const auto before = weights_of(*model);
  for (const auto& [name, value] : weights_of(*copy)) {
    expect(at::isfinite(value).all().item<bool>(), "'" + name + "' is not finite afterwards");
    const Tensor difference = value.to(at::kDouble) - before.at(name).to(at::kDouble);
    squares += difference.square().sum().item<double>();
    count += value.numel();
    if (!same_bits(value, before.at(name))) changed += value.numel();
  }
  expect(r.layers > 0 && r.weights > 0,
         "it reports " + std::to_string(r.layers) + " layers and " + std::to_string(r.weights) + " weights");
  expect(r.weights >= changed && r.weights <= count, "it reports " + std::to_string(r.weights) +
                                                         " weights; the model has " + std::to_string(count) +
                                                         ", and those of " + std::to_string(changed) + " changed");
  expect(r.bits_quantized > 0 && r.bits_quantized < 64 * r.weights,
         "it reports " + std::to_string(r.bits_quantized) + " bits for " + std::to_string(r.weights) + " weights");
  expect(std::abs(r.squared_error - squares) <= 1e-4 * squares + 1e-12,
         "it reports a squared error of " + std::to_string(r.squared_error) + ", and the weights moved by " +
             std::to_string(squares));
  char text[120];
  std::snprintf(text, sizeof text, "%ld weights at %.2f bits, squared error %.3g as reported",
                static_cast<long>(r.weights), static_cast<double>(r.bits_quantized) / static_cast<double>(r.weights),
                squares);
  subject.passed = text;
}

void state_round_trip(Subject& subject) {
  auto model = small_model(subject.request.seed);
  auto once = quantize(*model, subject.make());
  const auto saved = copied(once->attached_states.back()->save());
  expect(!saved.empty(), "it keeps nothing in its state; codes and scales belong there, so that a checkpoint has them");
  auto quantizer = subject.make();  // gone after the layers that it may have hooked
  auto again = once->copy();
  State state;
  state.restore(saved);
  const auto functions = quantizer->functions<basin_quantizer_functions>();
  quantizer->call([&] { return functions.attach(quantizer->self(), &again->layers(), &state); });
  const auto a = weights_of(*once);
  for (const auto& [name, value] : weights_of(*again))
    expect(same_bits(value, a.at(name)), "attached again with its own state, '" + name + "' is another");
  for (const auto& [name, value] : state.save())
    expect(saved.count(name) && same_bits(value, saved.at(name)),
           "attached again, its state '" + name + "' is another");
  subject.passed = std::to_string(saved.size()) + " tensors of state; attached again, the same bits";
}

void garbage(Subject& subject) {
  auto model = small_model(subject.request.seed);
  auto once = quantize(*model, subject.make());
  try_broken_states(subject, copied(once->attached_states.back()->save()), [&](const auto& broken) {
    auto quantizer = subject.make();
    auto copy = model->copy();
    State state;
    state.restore(broken);
    const auto functions = quantizer->functions<basin_quantizer_functions>();
    quantizer->call([&] { return functions.attach(quantizer->self(), &copy->layers(), &state); });
  });
}

}  // namespace

void live_quantizer(Subject& subject) {
  const at::NoGradGuard no_grad;
  auto model = small_model(subject.request.seed);
  auto copy = quantize(*model, subject.make());
  Context context(subject.request.seed, 0, {0, 1});
  copy->forward(context, {some_values(subject.request.seed, 1, {2, 3, 8, 8}), at::full({2}, 10.f)});  // its hooks
}

std::vector<Test> quantizer_tests() {
  return {{"quantizer-levels", "quantizer", "Each row of a weight has at most 2^bits levels.", levels},
          {"quantizer-idempotent", "quantizer", "Quantizing what is quantized changes nothing.", idempotent},
          {"quantizer-report", "quantizer", "What it reports is what it did; everything is finite.", report},
          {"quantizer-state-round-trip", "quantizer", "Attached again with its state, the weights are the same.",
           state_round_trip},
          {"quantizer-garbage-state", "quantizer", "A broken state is refused with a sentence, or survived.", garbage}};
}

}  // namespace basin::checking
