// bench data: what reading data costs a training. Steps whose batches come from a data set through the loader, as in
// run:train, and steps whose batches lie in memory take turns in one run; the model, the arithmetic and the threads are
// the same.
//
// A turn is a number of steps in a row. The loader works ahead on a thread of its own, so it lives only during its own
// turn (it must not slow the other's down), and the steps that use up what it prepared before the clock started are not
// counted: what is timed is a training that has run for long.
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "command.hpp"
#include "data/batches.hpp"
#include "data/images.hpp"
#include "image/image.hpp"
#include "paired.hpp"
#include "plugin/options.hpp"

namespace basin::bench {
namespace {

namespace fs = std::filesystem;
constexpr double kAllowed = 1.03;
constexpr int kRounds = 10;    // fewer have too narrow an interval
constexpr int64_t kAhead = 6;  // more steps than the loader prepares ahead

struct Asked : Settings {
  std::string dataset = "image_folder";
  std::vector<std::string> set;
  int64_t steps = 5;
};

// A folder of pictures for as long as the bench runs.
struct Pictures {
  fs::path folder = fs::temp_directory_path() / ("basin-bench-data-" + std::to_string(::getpid()));
  explicit Pictures(int64_t count) {
    const auto shapes = Dataset::open(check_options(Registry::instance().find("dataset", "shapes"),
                                                    {{"count", count, "bench"}, {"size", int64_t{32}, "bench"}}));
    fs::create_directories(folder);
    for (int64_t i = 0; i < count; i++) {
      const Tensor pixels = shapes->read(std::vector<int64_t>{i})[0].permute({1, 2, 0}).contiguous();
      const auto* data = pixels.const_data_ptr<uint8_t>();
      image::write_png(folder / (std::to_string(i) + ".png"), {32, 32, 3, {data, data + pixels.numel()}});
    }
  }
  ~Pictures() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
};

std::shared_ptr<const Dataset> open(const Asked& s, std::optional<Pictures>& made) {
  const Component& component = Registry::instance().find("dataset", s.dataset);
  std::vector<Option> options;
  for (const std::string& text : s.set) {
    const size_t equals = text.find('=');
    const auto p = std::find_if(component.parameters.begin(), component.parameters.end(),
                                [&](auto* one) { return one->name == text.substr(0, equals); });
    if (equals == text.npos || p == component.parameters.end())
      throw Error("--set takes NAME=VALUE of an option of dataset '" + s.dataset + "', not '" + text + "'");
    basin_parameter as_default = **p;
    const std::string value = text.substr(equals + 1);
    as_default.default_value = value.c_str();
    options.push_back({(*p)->name, parse_default(as_default), "--set"});
  }
  if (options.empty() && s.dataset == "image_folder") {  // decoded again each time: the most a loader has to do
    made.emplace(2048);
    options = {{"root", made->folder.string(), "bench"}, {"keep", int64_t{0}, "bench"}};
  }
  auto data = Dataset::open(check_options(component, std::move(options)));
  if (data->shape() != std::vector<int64_t>{3, 32, 32})
    throw Error("the bench's model takes images [3,32,32]; give --set size=32");
  return data;
}

int run(int argc, char** argv) {
  Asked s;
  CLI::App app{"A training step with the loader against one with its data in memory", "basin bench data"};
  app.add_option("--dataset", s.dataset, "a data set plugin (image_folder, with pictures of its own)");
  app.add_option("--set", s.set, "its options: root=DIR")->type_name("NAME=VALUE")->allow_extra_args(false);
  add_config(app, s);
  add_options(app, s);
  app.add_option("--steps", s.steps, "of a turn (5)")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  const at::Device device = begin(s);
  add_image_interface();

  std::optional<Pictures> made;
  const std::shared_ptr<const Dataset> data = open(s, made);
  std::printf("%s; the %s U-Net, batch %lld; %s\n", machine(device).c_str(), s.config.c_str(),
              static_cast<long long>(s.batch), data->reference().c_str());
  PluginStep step(adm_options(s.config), device, Precision::fp32);
  const Inputs in = make_inputs(s.batch, 32, device, at::MemoryFormat::ChannelsLast);
  const auto train = [&](const Tensor& x0) {
    step.train(x0.to(device).contiguous(at::MemoryFormat::ChannelsLast), in.t, in.e);
  };
  const auto turn = [&](const std::function<Tensor()>& next) {
    for (int64_t i = 0; i < kAhead; i++) train(next());
    synchronize(device);
    return seconds_of([&] {
      for (int64_t i = 0; i < s.steps; i++) train(next());
      synchronize(device);
    });
  };

  std::vector<Tensor> held;
  {
    Batches loader(data, 0, s.batch, true, 0);
    for (int64_t i = 0; i < kAhead + s.steps; i++) held.push_back(loader.next().x0);
  }
  uint64_t seed = 0;  // another order of the items in each turn
  std::vector<Participant> all{{"data in memory",
                                [&] {
                                  size_t i = 0;
                                  return turn([&] { return held[i++]; });
                                },
                                {}},
                               {"loader",
                                [&] {
                                  Batches loader(data, ++seed, s.batch, true, 0);
                                  return turn([&] { return loader.next().x0; });
                                },
                                {}}};
  const Outcome outcome =
      compare(all, {{1, 0, s.width}}, {.warm = 1, .rounds_least = kRounds, .seconds = s.seconds},
              [](const Outcome& o) { std::fprintf(stderr, "\r  round %d, %.0f s ", o.rounds, o.seconds); });
  std::fprintf(stderr, "\r%*s\r", 40, "");
  std::printf("  %d rounds of %lld steps in %.0f s\n", outcome.rounds, static_cast<long long>(s.steps),
              outcome.seconds);
  for (const Participant& p : all)
    std::printf("  %-14s %8.1f ms a step at least, %8.1f ms median\n", p.name.c_str(),
                1e3 * minimum(p.seconds) / static_cast<double>(s.steps),
                1e3 * median(p.seconds) / static_cast<double>(s.steps));
  const Ratio r = ratio(all[1].seconds, all[0].seconds);
  std::printf("  loader seconds / memory seconds, with its 95 %% interval: %.3f  [%.3f, %.3f]\n", r.value, r.low,
              r.high);
  const bool sure = outcome.rounds >= kRounds, yes = sure && r.high <= kAllowed, no = sure && r.low > kAllowed;
  std::printf("  within 3 %%: %s\n", yes ? "yes" : no ? "no" : "not known; give it more --seconds");
  return no ? 1 : 0;
}

}  // namespace
}  // namespace basin::bench

int main(int argc, char** argv) { return basin::bench::guarded("data", basin::bench::run, argc, argv); }
