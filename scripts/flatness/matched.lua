-- SAM against Adam at equal steps, at equal time (SAM at half the steps: it takes two passes) and at equal loss, because a
-- model that was trained less is flatter by itself. From the weights that both trainings passed through.
local basin = require "basin"
local study = require "study"

local marks = {}
for _, step in ipairs(study.size.snapshots) do
  if step < study.steps then marks[#marks + 1] = step end
end
marks[#marks + 1] = study.steps

local found = {}  -- by method and step: for each seed { loss, lpf - loss }
local rows = {}
for _, method in ipairs { "adam", "ip", "sam" } do
  found[method] = {}
  for _, step in ipairs(marks) do
    local at = {}
    found[method][step] = at
    for i, seed in ipairs(study.seeds) do
      local _, run = study.weights({ method, "ema" }, seed)
      local flat = study.lpf_metric:measure(study.earlier(run, step, "ema"), study.test_images, { process = study.process })
      at[i] = { flat.loss, flat.lpf_minus_loss }
    end
    local function over(k)
      local i = 0
      return study.over_seeds(function() i = i + 1 return at[i][k] end)
    end
    rows[#rows + 1] = { method, step, step * (method == "sam" and 2 or 1), over(1), over(2) }
  end
end
print(basin.table { columns = { "+EMA of", "steps", "passes", "loss", "LPF - loss" }, rows = rows })

-- Adam's LPF - loss where its loss was SAM's last one: along its own training, between the two marks around it.
local matched, seed_at = {}, 0
local difference = study.over_seeds(function()
  seed_at = seed_at + 1
  local target = found.sam[study.steps][seed_at]
  for k = 1, #marks - 1 do
    local a, b = found.adam[marks[k]][seed_at], found.adam[marks[k + 1]][seed_at]
    if (a[1] - target[1]) * (b[1] - target[1]) <= 0 then
      local share = (a[1] - target[1]) / (a[1] - b[1])
      matched[#matched + 1] = marks[k] + share * (marks[k + 1] - marks[k])
      return target[2] - (a[2] + share * (b[2] - a[2]))
    end
  end
  error("Adam's loss was never SAM's: no match at seed " .. study.seeds[seed_at])
end)
print(basin.table {
  columns = { "LPF - loss: SAM minus Adam", "difference" },
  rows = {
    { "at equal steps", study.over_seeds((function()
      local i = 0
      return function() i = i + 1 return found.sam[study.steps][i][2] - found.adam[study.steps][i][2] end
    end)()) },
    { "at equal time", study.over_seeds((function()
      local i, half = 0, math.tointeger(study.steps // 2)
      return function() i = i + 1 return found.sam[half][i][2] - found.adam[study.steps][i][2] end
    end)()) },
    { ("at equal loss (Adam after %d steps or so)"):format(math.floor(matched[1])), difference },
  },
})
study.footer()
