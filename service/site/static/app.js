// Draws the page into #app.
document.getElementById("app").textContent = document.title;
