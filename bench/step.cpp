// bench step: a training step and a sampling step (a forward pass without gradients) of the CIFAR-10 U-Net, in Basin
// and in PyTorch eager on the same machine, both without learned variance. Their steps alternate in one run. The peer
// plays in its best mode: each precision's faster layout is found first.
#include <cstdio>
#include <thread>

#include "command.hpp"
#include "paired.hpp"
#include "peer.hpp"

namespace basin::bench {
namespace {

struct Asked : Settings {
  std::string peer, script = BASIN_BENCH_FOLDER "/peer_steps.py";
  std::vector<std::string> what{"train", "sample"};
};
constexpr int kTrials = 3;  // of a layout, before the race

// Time for the other side's threads to fall asleep.
void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

// Basin's steps of one precision and layout.
struct Basin {
  PluginStep step;
  Inputs in;
  at::Device device;
  Basin(const Asked& s, at::Device device, Precision precision, at::MemoryFormat layout)
      : step(adm_options(s.config), device, precision, layout),
        in(make_inputs(s.batch, 32, device, layout)),
        device(device) {}
  double seconds(const std::string& what) {
    settle();
    return seconds_of([&] {
      if (what == "train") step.train(in.x, in.t, in.e);
      else step.sample(in.x, in.t);
      synchronize(device);
    });
  }
};

template <class F>
double best_of(int times, F&& run) {
  run();  // not counted: memory and kernels are new to it
  double least = INFINITY;
  for (int i = 0; i < times; i++) least = std::min(least, run());
  return least;
}

// The peer's faster layout for a kind of step and a precision.
std::string best_layout(Peer& peer, const std::string& what, const std::string& dtype) {
  std::string best;
  double least = INFINITY;
  for (const char* layout : {"nchw", "nhwc"}) {
    const double seconds = best_of(kTrials, [&] { return peer.step(what + " " + dtype + " " + layout); });
    std::printf("  peer   %s %s  %8.1f ms\n", dtype.c_str(), layout, 1e3 * seconds);
    if (seconds < least) least = seconds, best = layout;
  }
  return best;
}

void say(const char* name, const Participant& peer, const Participant& basin) {
  const Ratio r = ratio(peer.seconds, basin.seconds);
  std::printf("  %-14s %.3f  [%.3f, %.3f]   %s / %s\n", name, r.value, r.low, r.high, peer.name.c_str(),
              basin.name.c_str());
}

void measure(const Asked& s, at::Device device, Peer& peer, Basin& fp32, Basin& bf16, const std::string& what) {
  std::printf("\n%s step, batch %ld: the least of %d\n", what == "train" ? "training" : "sampling",
              static_cast<long>(s.batch), kTrials);
  {
    // The program itself always lays convolutions out channels_last; this says what that is worth.
    for (const Precision precision : {Precision::fp32, Precision::bf16}) {
      Basin nchw(s, device, precision, at::MemoryFormat::Contiguous);
      const char* dtype = precision == Precision::fp32 ? "fp32" : "bf16";
      std::printf("  Basin  %s nchw  %8.1f ms\n", dtype, 1e3 * best_of(kTrials, [&] { return nchw.seconds(what); }));
      Basin& nhwc = precision == Precision::fp32 ? fp32 : bf16;
      std::printf("  Basin  %s nhwc  %8.1f ms\n", dtype, 1e3 * best_of(kTrials, [&] { return nhwc.seconds(what); }));
    }
  }
  const std::string layout_32 = best_layout(peer, what, "fp32"), layout_16 = best_layout(peer, what, "bf16");

  const auto of_peer = [&](const std::string& mode) {
    return Participant{"peer " + mode,
                       [&peer, mode, what] {
                         settle();
                         return peer.step(what + " " + mode);
                       },
                       {}};
  };
  std::vector<Participant> all{
      of_peer("fp32 " + layout_32),
      {"Basin fp32 nhwc", [&] { return fp32.seconds(what); }, {}},
      of_peer("bf16 " + layout_16),
      {"Basin bf16 nhwc", [&] { return bf16.seconds(what); }, {}},
  };
  const auto best = [&](size_t a, size_t b) { return median(all[a].seconds) <= median(all[b].seconds) ? a : b; };
  const Outcome outcome =
      compare(all, {{0, 1, s.width}, {2, 3, s.width}}, {.warm = 1, .rounds_least = 10, .seconds = s.seconds},
              [](const Outcome& o) { std::fprintf(stderr, "\r  round %d, %.0f s ", o.rounds, o.seconds); });
  std::fprintf(stderr, "\r%*s\r", 40, "");
  std::printf("  %d rounds in %.0f s\n", outcome.rounds, outcome.seconds);
  for (const Participant& p : all)
    std::printf("  %-16s %8.1f ms at least, %8.1f ms median, %6.2f images/s\n", p.name.c_str(),
                1e3 * minimum(p.seconds), 1e3 * median(p.seconds), static_cast<double>(s.batch) / median(p.seconds));
  std::printf("  peer seconds / Basin seconds, with its 95 %% interval:\n");
  say("fp32", all[0], all[1]);
  say("bf16", all[2], all[3]);
  say("best of each", all[best(0, 2)], all[best(1, 3)]);
  if (!outcome.reached)
    std::printf("  the time (%.0f s) was up before each precision's interval was %.2f wide\n", s.seconds, s.width);
}

int run(int argc, char** argv) {
  Asked s;
  s.width = 0.06;
  CLI::App app{"A training and a sampling step of the CIFAR-10 U-Net: Basin against PyTorch eager", "basin bench step"};
  app.add_option("--peer", s.peer, "a Python with torch 2.11")->required()->type_name("PYTHON");
  app.add_option("--script", s.script, "peer_steps.py, where it is not where the build saw it");
  app.add_option("--what", s.what, "train, sample or both")->delimiter(',')->check(CLI::IsMember({"train", "sample"}));
  add_config(app, s);
  add_options(app, s);
  CLI11_PARSE(app, argc, argv);
  const at::Device device = begin(s);
  Peer peer(s.peer, s.script,
            {"--config", s.config, "--batch", std::to_string(s.batch), "--device", device.is_cuda() ? "cuda" : "cpu",
             "--threads", std::to_string(s.threads)});
  std::printf("%s; the %s U-Net without learned variance; peer: PyTorch eager %s\n", machine(device).c_str(),
              s.config.c_str(), peer.about().c_str());
  Basin fp32(s, device, Precision::fp32, at::MemoryFormat::ChannelsLast);
  Basin bf16(s, device, Precision::bf16, at::MemoryFormat::ChannelsLast);
  for (const std::string& what : s.what) measure(s, device, peer, fp32, bf16, what);
  return 0;
}

}  // namespace
}  // namespace basin::bench

int main(int argc, char** argv) { return basin::bench::guarded("step", basin::bench::run, argc, argv); }
