// A training that is stopped anywhere and started again ends with the checkpoint of one that was not, bit for bit: by
// Ctrl-C between steps, by SIGKILL at any moment, and where the newest checkpoint is damaged.
//
// Everything that has a state or draws numbers takes part: dropout, SAM around clip around an lr_schedule around adam,
// EMA and SWA, levels by their losses, a learned variance, input perturbation, accumulation, flips; fp32 and bf16.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <thread>

#include "support.hpp"

namespace {

using namespace test;

constexpr int64_t kSteps = 26;

basin::TrainOptions everything(basin::Precision precision) {
  auto model = tiny_unet({{"dropout", 0.3}, {"learned_variance", true}, {"attention", std::vector<int64_t>{8}}});
  model->to(at::kCPU, precision);
  const auto adam = part("optimizer", "adam", {{"lr", 2e-3}, {"weight_decay", 0.01}});
  const auto schedule =
      part("optimizer", "lr_schedule",
           {{"shape", std::string("cosine")}, {"warmup", int64_t{5}}, {"steps", kSteps}, {"base", adam}});
  const auto clip = part("optimizer", "clip", {{"norm", 0.5}, {"base", schedule}});
  auto o = tiny_training(model, object("optimizer", "sam", {{"rho", 0.05}, {"base", clip}}));
  o.steps = kSteps;
  o.accumulate = 2;
  o.averages = {{"ema", object("averager", "ema", {{"decay", 0.9}, {"warmup", std::string("count")}})},
                {"swa", object("averager", "swa", {{"start", int64_t{6}}, {"every", int64_t{3}}})}};
  // 8 levels and a history of 1: importance sampling begins after a few steps, well before the first stop.
  o.process = std::make_shared<const basin::Process>("vp", "cosine", 8);
  o.noise_schedule = object("noise_schedule", "loss_second_moment", {{"history", int64_t{2}}});
  o.loss_name = "hybrid";
  o.loss = basin::find_loss("hybrid");
  o.input_perturbation = 0.1;
  o.save_every = 4;
  o.log_every = 5;
  return o;
}

std::string name_of(basin::Precision precision) { return precision == basin::Precision::bf16 ? "bf16" : "fp32"; }
constexpr const char* kLast = "step-000000026.safetensors";

// The whole training in one go, in a run of its own; once for each precision and seed.
const Folder& uninterrupted(basin::Precision precision, uint64_t seed = 7) {
  static std::map<std::pair<basin::Precision, uint64_t>, std::unique_ptr<Folder>> done;
  auto& folder = done[{precision, seed}];
  if (!folder) {
    folder = std::make_unique<Folder>();
    const auto o = everything(precision);
    const auto result = basin::train(*open_run(*folder, seed, name_of(precision)), o);
    REQUIRE(std::isfinite(result.loss));
  }
  return *folder;
}
std::filesystem::path checkpoints_of(const Folder& folder) { return folder.path / "00001-test" / "checkpoints"; }

// All that a continuation needs, but the seconds.
void check_same(const Folder& a, const Folder& b) {
  const auto x = basin::read_safetensors(checkpoints_of(a) / kLast),
             y = basin::read_safetensors(checkpoints_of(b) / kLast);
  CHECK(x.tensors.size() > 80);
  REQUIRE(x.tensors.size() == y.tensors.size());
  for (const auto& [name, tensor] : x.tensors) {
    INFO(name);
    REQUIRE(y.tensors.count(name));
    CHECK(same_bits(tensor, y.tensors.at(name)));
  }
  for (const char* key : {"step", "loss_sum", "loss_count"}) CHECK(x.metadata.at(key) == y.metadata.at(key));
  const auto one = basin::read_metrics(a.path / "00001-test"), other = basin::read_metrics(b.path / "00001-test");
  CHECK(one.size() == 6);  // steps 5 to 25, and 26
  REQUIRE(one.size() == other.size());
  for (size_t i = 0; i < one.size(); i++) {
    INFO(one[i] << " and " << other[i]);
    CHECK(one[i]["step"] == other[i]["step"]);
    CHECK(one[i]["loss"] == other[i]["loss"]);
  }
  for (const char* file : {"model.safetensors", "ema.safetensors", "swa.safetensors"}) {
    const std::string one = text_of(checkpoints_of(a) / file);
    CHECK(one.size() > 1000);
    CHECK((one == text_of(checkpoints_of(b) / file)));
  }
}

// Trains in a run that is opened for it, until a step; -1: to the end.
void train_until(const Folder& folder, basin::Precision precision, int64_t stop) {
  auto o = everything(precision);
  o.on_step = [&](const basin::TrainStep& s) {
    if (s.step == stop) throw basin::Error("stopped by the test", BASIN_ERROR_INTERRUPTED);
  };
  const auto run = open_run(folder, 7, name_of(precision));
  if (stop < 0) basin::train(*run, o);
  else CHECK(error_of([&] { basin::train(*run, o); }).status == BASIN_ERROR_INTERRUPTED);
}

}  // namespace

TEST_CASE("the configuration of these tests does what it says") {
  const auto x = basin::read_safetensors(checkpoints_of(uninterrupted(basin::Precision::fp32)) / kLast).tensors;
  CHECK((x.at("state.noise_schedule.counts") >= 2).all().item<bool>());  // importance sampling was on
  CHECK(x.at("state.averages.swa.snapshots").item<int64_t>() == 6);
  CHECK(x.count("state.optimizer.base.base.base.all.m") == 1);  // sam, clip, lr_schedule, adam
  CHECK(x.at("state.optimizer.base.base.steps").item<int64_t>() == kSteps);
}

TEST_CASE("another seed gives another checkpoint, and so does another precision") {
  const auto weight = [](const Folder& folder) {
    return basin::read_safetensors(checkpoints_of(folder) / kLast).tensors.at("model.out.2.weight");
  };
  const Tensor one = weight(uninterrupted(basin::Precision::fp32));
  CHECK(!same_bits(one, weight(uninterrupted(basin::Precision::fp32, 8))));
  CHECK(!same_bits(one, weight(uninterrupted(basin::Precision::bf16))));
}

TEST_CASE("stopped between steps and started again: the same checkpoint") {
  for (auto precision : {basin::Precision::fp32, basin::Precision::bf16}) {
    Folder folder;
    for (int64_t stop : {1, 2, 9, 12, 25}) train_until(folder, precision, stop);
    train_until(folder, precision, -1);
    INFO(name_of(precision));
    check_same(uninterrupted(precision), folder);
  }
}

// Not a test: what the next one starts in processes of its own.
TEST_CASE("a training that is going to be killed", "[.child]") {
  const char* path = std::getenv("BASIN_TEST_CHILD");
  if (!path) return;
  const auto precision =
      std::string(std::getenv("BASIN_TEST_PRECISION")) == "bf16" ? basin::Precision::bf16 : basin::Precision::fp32;
  const int report = std::atoi(std::getenv("BASIN_TEST_PIPE"));
  auto o = everything(precision);
  o.save_every = 2;
  o.on_step = [&](const basin::TrainStep&) { (void)!write(report, "s", 1); };
  basin::RunSettings settings;
  settings.name = "test";
  settings.seed = 7;
  settings.device = "cpu";
  settings.precision = name_of(precision);
  basin::train(*basin::Run::open(path, settings, {{"test", 1}}, nlohmann::json::object(), false), o);
}

namespace {

// Starts the child and kills it so long after so many steps; true where it had ended by itself.
bool train_and_kill(const Folder& folder, basin::Precision precision, int64_t steps, int64_t microseconds) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const int write_end = dup(ends[1]);  // stays open in the child
  close(ends[1]);
  // All is ready before the fork: after it, other threads of this program are gone, and with them what they had locked.
  std::vector<std::string> variables = {"BASIN_TEST_CHILD=" + folder.path.string(),
                                        "BASIN_TEST_PRECISION=" + name_of(precision),
                                        "BASIN_TEST_PIPE=" + std::to_string(write_end)};
  std::vector<char*> environment;
  for (char** v = environ; *v; v++) environment.push_back(*v);
  for (auto& v : variables) environment.push_back(v.data());
  environment.push_back(nullptr);
  char program[] = "test", what[] = "a training that is going to be killed";
  char* const arguments[] = {program, what, nullptr};
  const int silent = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(silent, 1), dup2(silent, 2);
    execve("/proc/self/exe", arguments, environment.data());
    _exit(127);
  }
  close(silent);
  close(write_end);
  char byte;
  for (int64_t i = 0; i < steps && read(ends[0], &byte, 1) == 1; i++) {
  }
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  kill(child, SIGKILL);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  close(ends[0]);
  if (WIFEXITED(status)) REQUIRE(WEXITSTATUS(status) == 0);
  return WIFEXITED(status);
}

}  // namespace

TEST_CASE("killed at random moments, again and again: the same checkpoint") {
  std::mt19937 numbers(20260730);
  for (auto precision : {basin::Precision::fp32, basin::Precision::bf16}) {
    Folder folder;
    int64_t kills = 0;
    for (int64_t i = 0; i < 5; i++) {
      const int64_t steps = 1 + static_cast<int64_t>(numbers() % 7), wait = numbers() % 20000;
      if (train_and_kill(folder, precision, steps, wait)) break;
      kills++;
      if (std::filesystem::exists(checkpoints_of(folder) / "model.safetensors")) break;
    }
    CHECK(kills >= 2);
    CHECK(train_and_kill(folder, precision, 1000, 0) == true);  // the pipe ends when the child does
    INFO(name_of(precision) << ", " << kills << " kills");
    check_same(uninterrupted(precision), folder);
    for (const auto& entry : std::filesystem::directory_iterator(checkpoints_of(folder))) {
      INFO(entry.path());
      CHECK(entry.path().extension() == ".safetensors");  // nothing half-written is left
    }
  }
}

TEST_CASE("a damaged checkpoint is passed over, and it is said") {
  const auto precision = basin::Precision::fp32;
  struct Damage {
    std::string what;
    std::function<void(const std::filesystem::path&)> doing;
  };
  const Damage damages[] = {
      {"half of it", [](const auto& file) { cut(file, std::filesystem::file_size(file) / 2); }},
      {"one byte less", [](const auto& file) { cut(file, std::filesystem::file_size(file) - 1); }},
      {"empty", [](const auto& file) { cut(file, 0); }},
      {"cut within the header", [](const auto& file) { cut(file, 100); }},
      {"something else", [](const auto& file) { std::ofstream(file) << "not a checkpoint at all, but some text"; }},
  };
  for (const auto& damage : damages) {
    Folder folder;
    train_until(folder, precision, 10);  // saved: 4, 8 and, when it stopped, 10
    const auto newest = checkpoints_of(folder) / "step-000000010.safetensors";
    REQUIRE(std::filesystem::exists(newest));
    damage.doing(newest);
    train_until(folder, precision, -1);
    INFO(damage.what);
    const std::string log = text_of(folder.path / "00001-test" / "log.txt");
    CHECK(log.find("passing over a checkpoint that cannot be read: '" + newest.string() + "'") != std::string::npos);
    CHECK(log.find("continuing at step 8 of 26") != std::string::npos);
    check_same(uninterrupted(precision), folder);
  }
}

TEST_CASE("where no checkpoint can be read the training begins again, and its own checkpoints are kept") {
  const auto precision = basin::Precision::fp32;
  Folder folder;
  train_until(folder, precision, 18);
  for (const auto& entry : std::filesystem::directory_iterator(checkpoints_of(folder))) cut(entry.path(), 50);
  train_until(folder, precision, 5);  // from the beginning: step 4 was saved, and 5
  train_until(folder, precision, 11);
  const std::string log = text_of(folder.path / "00001-test" / "log.txt");
  CHECK(log.find("continuing at step 5 of 26") != std::string::npos);
  train_until(folder, precision, -1);
  check_same(uninterrupted(precision), folder);
}

TEST_CASE("a finished training keeps one checkpoint, and without it is loaded from its weights") {
  const auto precision = GENERATE(basin::Precision::fp32, basin::Precision::bf16);
  INFO(name_of(precision));
  Folder folder;
  auto o = everything(precision);
  const auto trained = basin::train(*open_run(folder, 7, name_of(precision)), o);
  const auto files = [&] { return std::distance(std::filesystem::directory_iterator(checkpoints_of(folder)), {}); };
  CHECK(files() == 4);  // the last step's, model, ema and swa
  const std::string weights = text_of(checkpoints_of(folder) / "model.safetensors");
  std::filesystem::remove(checkpoints_of(folder) / kLast);

  auto again = everything(precision);
  again.on_step = [](const basin::TrainStep&) { FAIL("it trained again"); };
  const auto loaded = basin::train(*open_run(folder, 7, name_of(precision)), again);
  CHECK(loaded.steps == kSteps);
  CHECK(loaded.loss == trained.loss);
  CHECK(loaded.seconds == trained.seconds);
  const auto check_equal = [](const basin::Model& a, const basin::Model& b) {
    const auto x = a.weights(), y = b.weights();
    REQUIRE(x.size() == y.size());
    for (const auto& [name, tensor] : x) CHECK(same_bits(tensor, y.at(name)));
  };
  check_equal(*o.model, *again.model);
  REQUIRE(loaded.averages.size() == 2);
  for (const auto& [name, average] : trained.averages) {
    check_equal(*average, *loaded.averages.at(name));
    CHECK(average->label == loaded.averages.at(name)->label);
  }
  CHECK(files() == 3);  // nothing was written

  again.steps = kSteps + 4;
  const std::string sentence = error_of([&] { basin::train(*open_run(folder, 7, name_of(precision)), again); }).what();
  CHECK(sentence.find("finished 26 steps and has no checkpoint any more") != std::string::npos);
  CHECK((weights == text_of(checkpoints_of(folder) / "model.safetensors")));

  cut(checkpoints_of(folder) / "ema.safetensors", 60);  // then it trains again, and says why
  train_until(folder, precision, -1);
  CHECK(text_of(folder.path / "00001-test" / "log.txt").find("the finished weights cannot be read: ") !=
        std::string::npos);
  check_same(uninterrupted(precision), folder);
}

TEST_CASE("a checkpoint that does not fit is refused, and nothing is written over") {
  const auto precision = basin::Precision::fp32;
  Folder folder;
  train_until(folder, precision, 10);
  const auto newest = checkpoints_of(folder) / "step-000000010.safetensors";
  auto content = basin::read_safetensors(newest);
  std::string wanted;
  SECTION("a weight of another shape") {
    content.tensors.at("model.out.2.weight") = at::zeros({6, 32, 5, 5});
    wanted = "'out.2.weight'";
  }
  SECTION("a state of another size") {
    content.tensors.at("state.optimizer.base.base.base.all.m") = at::zeros({3});
    wanted = "all.m";
  }
  SECTION("no state where this training has some, as of another optimizer") {
    content.tensors.erase("state.optimizer.base.base.base.all.m");
    wanted = "all.m";
  }
  SECTION("no step") {
    content.metadata.erase("step");
    wanted = "step";
  }
  basin::write_safetensors(newest, content.tensors, content.metadata);
  const std::string before = text_of(newest);
  auto o = everything(precision);
  const std::string sentence = error_of([&] { basin::train(*open_run(folder, 7, "fp32"), o); }).what();
  INFO(sentence);
  CHECK(sentence.find(newest.filename().string()) != std::string::npos);
  CHECK(sentence.find(wanted) != std::string::npos);
  CHECK((text_of(newest) == before));
}
