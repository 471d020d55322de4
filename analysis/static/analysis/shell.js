// Unfold's components, by name: Alpine's build for a strict policy evaluates no string as a program, and sees no
// global. What the templates ask of `window` is the address only.
document.addEventListener("alpine:init", () => {
  const { Alpine } = window;
  Alpine.data("theme", theme);
  Alpine.data("searchForm", searchForm);
  Alpine.data("searchDropdown", searchDropdown);
  Alpine.data("searchCommand", () => ({
    ...searchCommand(),
    // The one that is chosen, else the first.
    choose() {
      const link = this.items?.[Math.max(this.currentIndex, 1) - 1]?.querySelector("a");
      if (link) location.assign(link.href);
    },
    leave() {
      this.$refs.searchInputCommand.value = "";
      this.handleEscape();
      document.querySelector(".vb-search")?.focus();
    },
  }));
  Alpine.data("shell", () => ({
    activeTab: "",
    sidebarMobileOpen: false,
    sidebarDesktopOpen: (localStorage.getItem("sidebarDesktopOpen") ?? "1") === "1",
    window: { location: { pathname: location.pathname, search: location.search } },
    init() {
      const { tab } = this.$el.dataset;
      this.activeTab = (tab && getCurrentTab()) || tab;
      this.$watch("sidebarDesktopOpen", (open) => localStorage.setItem("sidebarDesktopOpen", open ? "1" : "0"));
    },
  }));
});

// Django's box of chosen rows labels an element that has no role, which a screen reader may not read.
addEventListener("load", () =>
  setTimeout(() => document.querySelectorAll(".help-tooltip[aria-label]").forEach((icon) => icon.setAttribute("role", "img"))),
);
