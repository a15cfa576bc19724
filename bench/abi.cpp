// bench abi: what the plugin ABI costs. A training step of the `mini` U-Net by the adm_unet and adam plugins, against
// the same step written directly in LibTorch (direct_adm.hpp) with the same kernels, in one process.
#include <cstdio>

#include "command.hpp"
#include "direct_adm.hpp"
#include "paired.hpp"

namespace basin::bench {
namespace {

struct Difference {
  double loss = 0, parameters = 0;
};

// Largest differences after some steps from the same weights.
Difference compare_results(PluginStep& plugin, DirectStep& direct, const Inputs& in, int steps) {
  Difference d;
  const auto greater = [](double& most, const Tensor& a, const Tensor& b) {
    most = std::max(most, (a.detach().to(at::kDouble) - b.detach().to(at::kDouble)).abs().max().item<double>());
  };
  for (int i = 0; i < steps; i++) greater(d.loss, plugin.train(in.x, in.t, in.e), direct.train(in.x, in.t, in.e));
  greater(d.parameters, plugin.model().parameters().groups()[0].values, direct.model.parameters.groups()[0].values);
  return d;
}

bool measure(const Settings& s, at::Device device, Precision precision) {
  PluginStep plugin(adm_options("mini"), device, precision);
  DirectStep direct({}, plugin.model().weights(), device, precision);
  DirectStep again({}, plugin.model().weights(), device, precision);
  const Inputs in = make_inputs(s.batch, 32, device, at::MemoryFormat::ChannelsLast);

  const Difference d = compare_results(plugin, direct, in, 5);
  const auto timed = [&](auto& step) {
    return [&step, &in, device] {
      return seconds_of([&] {
        step.train(in.x, in.t, in.e);
        synchronize(device);
      });
    };
  };
  std::vector<Participant> all{
      {"plugin", timed(plugin), {}}, {"direct", timed(direct), {}}, {"direct again", timed(again), {}}};
  const Outcome outcome = compare(all, {{0, 1, s.width}, {2, 1, s.width}}, {.rounds_least = 12, .seconds = s.seconds});

  std::printf("\n%s, batch %ld, %d rounds in %.0f s\n", precision == Precision::fp32 ? "fp32" : "bf16",
              static_cast<long>(s.batch), outcome.rounds, outcome.seconds);
  for (const Participant& p : all)
    std::printf("  %-13s %8.2f ms at least, %8.2f ms median\n", p.name.c_str(), 1e3 * minimum(p.seconds),
                1e3 * median(p.seconds));
  const Ratio cost = ratio(all[0].seconds, all[1].seconds), control = ratio(all[2].seconds, all[1].seconds);
  std::printf("  plugin / direct        %.4f  [%.4f, %.4f]\n", cost.value, cost.low, cost.high);
  std::printf("  direct again / direct  %.4f  [%.4f, %.4f]  (what chance alone does)\n", control.value, control.low,
              control.high);
  std::printf("  after 5 steps: largest difference of losses %.3g, of parameters %.3g\n", d.loss, d.parameters);
  if (!outcome.reached)
    std::printf("  the time (%.0f s) was up before both intervals were %.3f wide\n", s.seconds, s.width);
  return cost.low <= 1.02;
}

int run(int argc, char** argv) {
  Settings s;
  s.batch = 32, s.seconds = 240;
  CLI::App app{"A training step of the mini U-Net: plugins against the same written directly in LibTorch",
               "basin bench abi"};
  add_options(app, s);
  CLI11_PARSE(app, argc, argv);
  const at::Device device = begin(s);
  std::printf("%s; a training step of the mini U-Net: plugins (adm_unet, adam) against LibTorch, same kernels\n",
              machine(device).c_str());
  bool within = true;
  for (const Precision precision : {Precision::fp32, Precision::bf16}) within &= measure(s, device, precision);
  std::printf("\n%s\n", within ? "The ABI costs at most 2 %, as far as these intervals can tell."
                               : "The ABI costs more than 2 %.");
  return 0;
}

}  // namespace
}  // namespace basin::bench

int main(int argc, char** argv) { return basin::bench::guarded("abi", basin::bench::run, argc, argv); }
