-- The hybrid loss with and without importance sampling.
local basin = require "basin"

for _, name in ipairs { "uniform", "loss_second_moment" } do
  local run = basin.run { name = "example-" .. name, seed = 0, device = "cpu", precision = "fp32" }
  local result = run:train {
    model = basin.model "adm_unet" {
      image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {}, learned_variance = true,
    },
    data = basin.dataset "shapes" { count = 512, size = 8 }, process = basin.process "vp" { schedule = "cosine", steps = 50 },
    steps = 100, batch = 32, optimizer = basin.optimizer "adam" { lr = 2e-3 }, loss = "hybrid",
    noise_schedule = basin.noise_schedule(name, {}),
  }
  print(name, ("loss %.4f"):format(result.loss))
end
