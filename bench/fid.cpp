// bench fid: the Frechet distance of two Gaussians in as many dimensions as Inception has features: the metric fid's
// symmetric eigendecompositions, scipy's root of the product (pytorch-fid, guided-diffusion) and numpy's eigenvalues of
// it (torch-fidelity), taking turns in one run.
#include <cstdio>
#include <filesystem>

#include "command.hpp"
#include "measure/metric.hpp"
#include "paired.hpp"
#include "peer.hpp"

namespace basin::bench {
namespace {

struct Asked : Settings {  // of these threads, width and seconds: a distance has no batch, and its peer no GPU
  std::string peer, script = BASIN_BENCH_FOLDER "/peer_fid.py";
  int64_t features = 2048, images = 5000;
  int rounds = 5;
  Asked() { width = 0.2, seconds = 1800; }
};

// A folder of its own, which goes with it.
struct Scratch {
  std::filesystem::path path;
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "basin-bench-fid-XXXXXX").string();
    if (!mkdtemp(name.data())) throw Error("no folder for the statistics could be made in " + name, BASIN_ERROR_IO);
    path = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

class Ours {
 public:
  Ours(const Asked& s, const std::filesystem::path& folder) {
    add_measurement_interface();
    Registry::instance().search({std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../bench"});
    options_.metric = std::make_shared<Object>(check_options(Registry::instance().find("metric", "bench_frechet"),
                                                             {{"first", (folder / "first.npz").string(), "bench"},
                                                              {"second", (folder / "second.npz").string(), "bench"},
                                                              {"features", s.features, "bench"}}));
    auto images = std::make_shared<Images>();  // a metric measures something; this one does not look at it
    images->pixels = at::zeros({1, 3, 8, 8}, at::kByte);
    options_.subject.images = images;
  }
  double seconds() {
    const nlohmann::json result = measure(options_);
    for (const auto& scalar : result["scalars"]) found_[scalar["name"]] = scalar["value"];
    return found_.at("seconds");
  }
  double distance() const { return found_.at("distance"); }

 private:
  MeasureOptions options_;
  std::map<std::string, double> found_;
};

int run(int argc, char** argv) {
  Asked s;
  CLI::App app{"The Frechet distance behind FID: Basin against scipy and numpy", "basin bench fid"};
  app.add_option("--peer", s.peer, "a Python with numpy and scipy")->required()->type_name("PYTHON");
  app.add_option("--script", s.script, "peer_fid.py, where it is not where the build saw it");
  app.add_option("--features", s.features, "dimensions (2048)")->check(CLI::PositiveNumber);
  app.add_option("--images", s.images, "whose features they are of (5000)")->check(CLI::PositiveNumber);
  app.add_option("--threads", s.threads, "threads of the CPU, on both sides (2)")->check(CLI::PositiveNumber);
  app.add_option("--rounds", s.rounds, "at least (5)")->check(CLI::PositiveNumber);
  app.add_option("--width", s.width, "goes on until the 95 % intervals are this narrow (0.2)");
  app.add_option("--seconds", s.seconds, "but no longer than this (1800)");
  CLI11_PARSE(app, argc, argv);
  begin(s);
  const Scratch folder;
  Peer peer(s.peer, s.script,
            {folder.path.string(), "--features", std::to_string(s.features), "--images", std::to_string(s.images),
             "--threads", std::to_string(s.threads)});
  Ours ours(s, folder.path);
  std::printf("%s; %ld features; peer: %s\n", machine(at::kCPU).c_str(), static_cast<long>(s.features),
              peer.about().c_str());
  double by_scipy = 0, by_eigenvalues = 0;
  std::vector<Participant> all{{"Basin", [&] { return ours.seconds(); }, {}},
                               {"scipy sqrtm",
                                [&] {
                                  const double seconds = peer.step("scipy");
                                  by_scipy = peer.step("distance");
                                  return seconds;
                                },
                                {}},
                               {"numpy eigvals",
                                [&] {
                                  const double seconds = peer.step("eigvals");
                                  by_eigenvalues = peer.step("distance");
                                  return seconds;
                                },
                                {}}};
  const Outcome outcome =
      compare(all, {{1, 0, s.width}, {2, 0, s.width}}, {.warm = 1, .rounds_least = s.rounds, .seconds = s.seconds},
              [](const Outcome& o) { std::fprintf(stderr, "\r  round %d, %.0f s ", o.rounds, o.seconds); });
  std::fprintf(stderr, "\r%*s\r", 40, "");
  std::printf("  %d rounds in %.0f s\n", outcome.rounds, outcome.seconds);
  for (const Participant& p : all)
    std::printf("  %-14s %9.3f s at least, %9.3f s median\n", p.name.c_str(), minimum(p.seconds), median(p.seconds));
  for (size_t i : {1, 2}) {
    const Ratio r = ratio(all[i].seconds, all[0].seconds);
    std::printf("  %-13s / Basin  %.2f  [%.2f, %.2f]\n", all[i].name.c_str(), r.value, r.low, r.high);
  }
  std::printf("  distances: Basin %.12g, scipy %.12g (relative difference %.1e), numpy %.12g (%.1e)\n", ours.distance(),
              by_scipy, std::abs(ours.distance() / by_scipy - 1), by_eigenvalues,
              std::abs(ours.distance() / by_eigenvalues - 1));
  if (!outcome.reached)
    std::printf("  the time (%.0f s) was up before both intervals were %.2f wide\n", s.seconds, s.width);
  return 0;
}

}  // namespace
}  // namespace basin::bench

int main(int argc, char** argv) { return basin::bench::guarded("fid", basin::bench::run, argc, argv); }
