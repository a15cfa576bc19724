#include "quantize/quantize.hpp"

#include <basin/quantizer.h>

namespace basin {

std::shared_ptr<Model> quantize(Model& model, std::shared_ptr<Object> quantizer, QuantizeReport* report) {
  if (!model.attached.empty())
    throw Error("'" + model.label + "' is a quantized model; quantize the model that it was made of");
  at::NoGradGuard no_grad;
  const auto functions = quantizer->functions<basin_quantizer_functions>();
  std::shared_ptr<Model> copy = model.copy();
  copy->attached.push_back(quantizer);
  copy->attached_states.push_back(std::make_unique<State>(copy->device()));
  double squares = 0;
  for (const auto& group : copy->parameters().groups())
    squares += group.values.square().sum(at::kDouble).item<double>();

  quantizer->call(
      [&] { return functions.attach(quantizer->self(), &copy->layers(), copy->attached_states.back().get()); },
      "attach");
  basin_quantizer_report r{};
  r.size = sizeof r;
  quantizer->call([&] { return functions.report(quantizer->self(), &r); }, "report");

  std::string what = quantizer->spec().component->name;
  for (const Option& option : quantizer->spec().options)
    if (option.name == "bits") what = to_text(option.value) + " bits";
  copy->label = model.label.empty() ? what : model.label + ", " + what;

  if (report) {
    report->layers = r.layers;
    report->weights = r.weights;
    report->bits = r.bits_quantized;
    report->bits_per_weight = r.weights ? static_cast<double>(r.bits_quantized) / static_cast<double>(r.weights) : 0;
    for (size_t i = 0; i < model.parameters().list().size(); i++) {
      const Tensor before = model.parameters().list()[i].value.to(at::kDouble);
      const Tensor change = copy->parameters().list()[i].value.to(at::kDouble) - before;
      const double size = before.norm().item<double>(), moved = change.norm().item<double>();
      if (moved > 0) report->errors.push_back(size > 0 ? moved / size : 0);
    }
    report->relative_error = squares > 0 ? std::sqrt(r.squared_error / squares) : 0;
    const int64_t count = model.parameters().count_values();
    report->bytes_before = 4 * count;
    report->bytes_after = 4 * (count - r.weights) + (r.bits_quantized + 7) / 8;
  }
  return copy;
}

}  // namespace basin
