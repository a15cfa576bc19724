#include "plugin_step.hpp"

#include <basin/optimizer.h>

#include <filesystem>
#include <fstream>

#include "abi/cuda.hpp"
#include "abi/memory.hpp"
#include "plugin/object.hpp"

namespace basin::bench {

void start_host() {
  keep_freed_memory();  // as the program does
  add_abi_interfaces();
  add_plugin_interfaces();
  const auto program = std::filesystem::read_symlink("/proc/self/exe");
  Registry::instance().search({program.parent_path().parent_path() / "plugins"});
}

PluginStep::PluginStep(std::vector<Option> options, at::Device device, Precision precision,
                       at::MemoryFormat convolutions)
    : model_(Model::create(check_options(Registry::instance().find("model", "adm_unet"), std::move(options)))),
      adam_(std::make_unique<Object>(
          check_options(Registry::instance().find("optimizer", "adam"), {{"lr", 1e-4, "bench"}}))),
      state_(device) {
  model_->to(device, precision);
  if (convolutions != at::MemoryFormat::ChannelsLast) model_->parameters().lay_out(device, convolutions);
  adam_->call([&] {
    return adam_->functions<basin_optimizer_functions>().start(adam_->self(), &model_->parameters(), &state_);
  });
}

Tensor PluginStep::train(const Tensor& x, const Tensor& t, const Tensor& e) {
  x_ = x, t_ = t, e_ = e;
  basin_closure closure{};
  closure.size = sizeof closure;
  closure.user = this;
  closure.run = [](void* self, const basin_closure_request*, basin_closure_result* out) {
    return guard([&] {
      *out = {};
      out->size = sizeof *out;
      out->loss = own(static_cast<PluginStep*>(self)->pass());
    });
  };
  Context context(0, step_, {});
  basin_closure_result result{};
  result.size = sizeof result;
  adam_->call([&] {
    return adam_->functions<basin_optimizer_functions>().step(adam_->self(), context.get(), &closure, &result);
  });
  step_++;
  steal(result.sample_losses);
  return steal(result.loss);
}

Tensor PluginStep::pass() {
  const at::AutoGradMode record(true);
  std::vector<int64_t> ids(static_cast<size_t>(x_.size(0)));
  for (size_t i = 0; i < ids.size(); i++) ids[i] = static_cast<int64_t>(i);
  Context context(0, step_, ids, true);
  Parameters& parameters = model_->parameters();
  parameters.expect_gradients(false);
  const Tensor loss = (model_->forward(context, {x_, t_})[0].to(at::kFloat) - e_).square().mean();
  loss.backward();
  parameters.collect_gradients(false);
  return loss.detach();
}

Tensor PluginStep::sample(const Tensor& x, const Tensor& t) {
  const c10::InferenceMode inference;
  Context context(0, 0, std::vector<int64_t>(static_cast<size_t>(x.size(0))));
  return model_->forward(context, {x, t})[0];
}

std::vector<Option> adm_options(const std::string& name) {
  using Numbers = std::vector<int64_t>;
  const auto options = [](int64_t channels, Numbers multipliers, int64_t blocks, Numbers attention, double dropout) {
    const std::string from = "bench";
    return std::vector<Option>{{"image", int64_t{32}, from},       {"channels", channels, from},
                               {"multipliers", multipliers, from}, {"blocks", blocks, from},
                               {"attention", attention, from},     {"head_channels", int64_t{32}, from},
                               {"dropout", dropout, from}};
  };
  if (name == "mini") return options(32, {1, 2, 2}, 1, {8}, 0);
  if (name == "cifar10") return options(128, {1, 2, 2, 2}, 3, {16, 8}, 0.3);
  throw Error("A configuration is 'mini' or 'cifar10', but '" + name + "' was given.");
}

Inputs make_inputs(int64_t batch, int64_t image, at::Device device, at::MemoryFormat format) {
  std::vector<int64_t> ids(static_cast<size_t>(batch));
  for (size_t i = 0; i < ids.size(); i++) ids[i] = static_cast<int64_t>(i);
  const auto normal = [&](uint32_t slot) {
    return draw(stream_of(0, BASIN_PURPOSE_SCRIPT, 0, slot), BASIN_NORMAL, ids, {3, image, image}, device);
  };
  const Tensor t = draw(stream_of(0, BASIN_PURPOSE_SCRIPT, 0, 2), BASIN_UNIFORM, ids, {1}, device).flatten();
  return {normal(0).contiguous(format), (t * 1000).floor(), normal(1)};
}

std::string machine(at::Device device) {
  if (device.is_cuda()) {
    const CudaDevice gpu = cuda().describe(device.index());
    return gpu.name + ", " + std::to_string(gpu.memory >> 30) + " GiB";
  }
  std::ifstream cpu("/proc/cpuinfo");
  std::string line, model = "an unknown CPU";
  while (std::getline(cpu, line))
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  return model + ", " + std::to_string(at::get_num_threads()) + " threads";
}

}  // namespace basin::bench
