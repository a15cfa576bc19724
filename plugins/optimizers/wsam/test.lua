local basin, toy = require "basin", require "toy"
local watched, distance, refused = toy.watched, toy.distance, toy.refused
local adam = basin.optimizer "adam" { lr = 1e-2 }

-- gamma = 1/2 through the base is SAM; gamma = 0 is the base; decoupled is neither.
local function trained(name, options)
  options.base = options.base or adam
  local _, _, weights = watched("wsam-" .. name, 3, basin.optimizer("wsam", options))
  return weights
end
local _, _, sam = watched("wsam-sam", 3, basin.optimizer("sam", { rho = 0.1, base = adam }))
local _, _, plain = watched("wsam-plain", 3, adam)
local moved = distance(sam, plain)
assert(distance(trained("half", { rho = 0.1, gamma = 0.5 }), sam) < 0.02 * moved and moved > 0)
assert(distance(trained("none", { rho = 0.1, gamma = 0 }), plain) == 0)
assert(distance(trained("apart", { rho = 0.1, gamma = 0.5, decoupled_lr = 1e-2 }), sam) > 0.1 * moved)

toy.reports_sharpness("wsam", basin.optimizer("wsam", { rho = 0.5, base = adam }))

-- It learns.
local _, _, _, losses = watched("wsam-learns", 60, basin.optimizer("wsam", { rho = 0.02, base = basin.optimizer "adam" { lr = 3e-3 } }))
assert(losses[60] < 0.9 * losses[1], losses[60])

-- A radius at which the training does not start is said after 300 steps, with one at which it does.
local function wsam_of(rho) return basin.optimizer("wsam", { rho = rho, gamma = 0.5, base = basin.optimizer "adam" { lr = 3e-3 } }) end
local share, advice = toy.started("wsam-stuck", wsam_of(5))
assert(share > 0.9 and advice and advice < 1, share)
local share_now, none = toy.started("wsam-started", wsam_of(advice))
assert(share_now < 0.5 and not none, share_now)

refused("gamma", function() return basin.optimizer "wsam" { gamma = 1, base = adam } end)
print "ok"
