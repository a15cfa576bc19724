// Sampling as the host does it: noise by sample id, the same images at every batch size, and what is kept on disk.
#include "measure/sampling.hpp"
#include "abi/log.hpp"
#include "diffusion/step.hpp"
#include "train/support.hpp"

namespace {

using namespace test;

basin::SampleOptions options(std::shared_ptr<basin::Model> model, std::shared_ptr<basin::Object> sampler, int64_t count,
                             int64_t batch) {
  basin::SampleOptions o;
  o.model = std::move(model);
  o.sampler = std::move(sampler);
  o.process = std::make_shared<const basin::Process>("vp", "cosine", 100);
  o.count = count;
  o.batch = batch;
  o.seed = 11;
  return o;
}

std::shared_ptr<basin::Model> unet(Options more = {}) {
  auto m = tiny_unet(std::move(more));
  randomize(*m, 5, 0.1);
  return m;
}

// Of two sets of 8-bit images.
int64_t largest_step(const Tensor& a, const Tensor& b) {
  REQUIRE(a.sizes() == b.sizes());
  return (a.to(at::kInt) - b.to(at::kInt)).abs().max().item<int64_t>();
}

std::filesystem::path images_file(const basin::Run& run) {
  std::filesystem::path found;
  for (const auto& entry : std::filesystem::directory_iterator(run.samples()))
    if (entry.path().extension() == ".safetensors") {
      CHECK(found.empty());
      found = entry.path();
    }
  REQUIRE(!found.empty());
  return found;
}

}  // namespace

TEST_CASE("within a batch every step of the sampler is heard, and may end the sampling") {
  auto o = options(unet(), object("sampler", "ddim", {{"steps", int64_t{10}}}), 5, 3);
  std::vector<std::array<int64_t, 3>> heard;
  o.on_step = [&](int64_t done, int64_t step, int64_t steps, const Tensor&, const Tensor&) {
    heard.push_back({done, step, steps});
  };
  basin::sample_tensor(o);
  REQUIRE(heard.size() == 20);
  CHECK((heard[0] == std::array<int64_t, 3>{0, 1, 10}));
  CHECK((heard[10] == std::array<int64_t, 3>{3, 1, 10}));
  CHECK((heard[19] == std::array<int64_t, 3>{3, 10, 10}));
  heard.clear();
  o.on_step = [&](int64_t, int64_t step, int64_t, const Tensor&, const Tensor&) {
    heard.push_back({});
    if (step == 4) throw basin::Error("enough", BASIN_ERROR_INTERRUPTED);
  };
  CHECK(error_of([&] { basin::sample_tensor(o); }).status == BASIN_ERROR_INTERRUPTED);
  CHECK(heard.size() == 4);
}

TEST_CASE("the noise of sample 17 is the same bits at every batch size, at the start and in every step") {
  auto m = model("line", {{"size", int64_t{8}}});
  for (int64_t step : {-1, 0, 5}) {
    const auto echo = object("sampler", "echo", {{"step", step}});
    const Tensor all = basin::sample_tensor(options(m, echo, 70, 64));
    for (int64_t batch : {1, 5, 64, 70, 1000}) CHECK(same_bits(all, basin::sample_tensor(options(m, echo, 70, batch))));
    auto alone = options(m, echo, 1, 64);
    alone.first = 17;
    CHECK(same_bits(all.slice(0, 17, 18), basin::sample_tensor(alone)));
    alone.seed = 12;
    CHECK(!same_bits(all.slice(0, 17, 18), basin::sample_tensor(alone)));
    CHECK(!same_bits(all[17], all[18]));
    CHECK(all.mean().item<double>() == Approx(0).margin(0.05));
    CHECK(all.std().item<double>() == Approx(1).epsilon(0.05));
  }
  // x_T and the noise of the steps are three different things
  const auto noise = [&](int64_t step) {
    return basin::sample_tensor(options(m, object("sampler", "echo", {{"step", step}}), 2, 2));
  };
  CHECK(!same_bits(noise(-1), noise(0)));
  CHECK(!same_bits(noise(0), noise(1)));
}

TEST_CASE("pixels of a U-Net's samples agree within 1/255 at every batch size, with classes too") {
  for (int64_t classes : {0, 3}) {
    const auto m = unet({{"classes", classes}, {"attention", std::vector<int64_t>{8}}});
    const auto ddpm = object("sampler", "ddpm", {{"steps", int64_t{3}}});
    const Tensor all = basin::images_to_uint8(basin::sample_tensor(options(m, ddpm, 20, 64)));
    for (int64_t batch : {1, 5}) {
      const Tensor same = basin::images_to_uint8(basin::sample_tensor(options(m, ddpm, 20, batch)));
      CHECK(largest_step(all, same) <= 1);
    }
    auto alone = options(m, ddpm, 1, 1);
    alone.first = 17;
    CHECK(largest_step(all.slice(0, 17, 18), basin::images_to_uint8(basin::sample_tensor(alone))) <= 1);
    CHECK(largest_step(all.slice(0, 16, 17), all.slice(0, 17, 18)) > 20);  // the check can fail
  }
}

TEST_CASE("finished images are loaded; other settings are other images") {
  Folder folder;
  const auto run = open_run(folder);
  auto m = unet();
  auto o = options(m, object("sampler", "ddpm", {{"steps", int64_t{2}}}), 12, 5);
  const auto first = basin::sample(*run, o);
  CHECK(first->pixels.sizes() == at::IntArrayRef{12, 3, 8, 8});
  CHECK(same_bits(first->pixels, basin::images_to_uint8(basin::sample_tensor(o))));
  images_file(*run);
  int64_t calls = 0;
  o.on_progress = [&](int64_t, int64_t, const Tensor&) { calls++; };
  o.batch = 3;  // not a part of what the images are
  CHECK(same_bits(basin::sample(*run, o)->pixels, first->pixels));
  CHECK(calls == 0);
  o.seed = 12;
  CHECK(!same_bits(basin::sample(*run, o)->pixels, first->pixels));
  CHECK(calls == 4);
  o.seed = 11;
  randomize(*m, 6, 0.1);  // other weights under the same name
  CHECK(!same_bits(basin::sample(*run, o)->pixels, first->pixels));
}

TEST_CASE("sampling that was stopped goes on to the same images") {
  auto m = unet();
  const auto sampler = object("sampler", "ddpm", {{"steps", int64_t{2}}});
  Folder whole_folder;
  const auto whole = basin::sample(*open_run(whole_folder), options(m, sampler, 20, 5));

  SECTION("stopped between batches") {
    for (bool within : {false, true}) {  // or Ctrl-C, which is seen in the middle of the next batch
      Folder folder;
      auto o = options(m, sampler, 20, 5);
      o.on_progress = [&](int64_t done, int64_t, const Tensor&) {
        if (done == 10 && within) basin::interrupted() = true;
        if (done == 10 && !within) throw basin::Error("stop", BASIN_ERROR_INTERRUPTED);
        CHECK(done <= 10);
      };
      CHECK(error_of([&] { basin::sample(*open_run(folder), o); }).status == BASIN_ERROR_INTERRUPTED);
      basin::interrupted() = false;
      std::vector<int64_t> done;
      o.on_progress = [&](int64_t n, int64_t, const Tensor&) { done.push_back(n); };
      CHECK(same_bits(basin::sample(*open_run(folder), o)->pixels, whole->pixels));
      CHECK(done == std::vector<int64_t>{15, 20});  // what was done is not done again
    }
  }
  SECTION("a part of them is on disk") {
    for (int64_t there : {5, 15, 7}) {
      Folder folder;
      auto o = options(m, sampler, 20, 5);
      const auto run = open_run(folder);
      basin::sample(*run, o);
      const auto file = images_file(*run);
      const auto content = basin::read_safetensors(file);
      // What is there is kept, whatever it is: 9 is no image that the sampler would make.
      Tensor part = content.tensors.at("images").slice(0, 0, there).clone();
      part[0].fill_(9);
      basin::write_safetensors(file, {{"images", part}}, content.metadata);
      std::vector<int64_t> done;
      o.on_progress = [&](int64_t n, int64_t, const Tensor&) { done.push_back(n); };
      const auto images = basin::sample(*run, o);
      CHECK(done.front() == there + 5);
      CHECK((images->pixels[0] == 9).all().item<bool>());
      // At the same borders between batches the rest is the same bits, at others within a level.
      if (there % 5 == 0) CHECK(same_bits(images->pixels.slice(0, 1), whole->pixels.slice(0, 1)));
      else CHECK(largest_step(images->pixels.slice(0, 1), whole->pixels.slice(0, 1)) <= 1);
    }
  }
  SECTION("the file is damaged") {
    for (int damage = 0; damage < 4; damage++) {
      Folder folder;
      auto o = options(m, sampler, 20, 5);
      const auto run = open_run(folder);
      basin::sample(*run, o);
      const auto file = images_file(*run);
      if (damage == 0) cut(file, std::filesystem::file_size(file) / 2);
      if (damage == 1) cut(file, 3);
      if (damage == 2) basin::write_safetensors(file, {{"pictures", at::zeros({2})}}, {});
      if (damage == 3) basin::write_safetensors(file, {{"images", at::zeros({5, 3, 4, 4}, at::kByte)}}, {});
      INFO("damage " << damage);
      CHECK(same_bits(basin::sample(*run, o)->pixels, whole->pixels));
      CHECK(text_of(run->folder() / "log.txt").find(file.filename().string()) != std::string::npos);
      CHECK(same_bits(basin::read_safetensors(images_file(*run)).tensors.at("images"), whole->pixels));
    }
  }
}

TEST_CASE("counts that make no sense are refused in a sentence") {
  Folder folder;
  const auto run = open_run(folder);
  auto m = model("line");
  const auto echo = object("sampler", "echo");
  CHECK(says(refusal([&] { basin::sample(*run, options(m, echo, 4, 0)); }), {"batch 0"}));
  CHECK(says(refusal([&] { basin::sample(*run, options(m, echo, 0, 4)); }), {"count 0"}));
  CHECK(says(refusal([&] { basin::sample_tensor(options(m, echo, 4, -1)); }), {"batch -1"}));
}
