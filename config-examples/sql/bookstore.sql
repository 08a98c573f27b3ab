-- The bookstore: a database `inventory` with the tables `book` and `customers`.
SET NAMES utf8mb4;
CREATE DATABASE IF NOT EXISTS inventory CHARACTER SET utf8mb4;
USE inventory;
CREATE TABLE book (
  bookId VARCHAR(32) NOT NULL PRIMARY KEY,
  title VARCHAR(255) NOT NULL,
  authors VARCHAR(255),
  categories VARCHAR(255),
  price INT NOT NULL,
  published DATE
);
CREATE TABLE customers (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  first_name VARCHAR(100) NOT NULL,
  last_name VARCHAR(100) NOT NULL,
  email VARCHAR(255) NOT NULL,
  street VARCHAR(255),
  number VARCHAR(20),
  zip VARCHAR(20),
  city VARCHAR(100),
  country CHAR(2)
);
INSERT INTO book VALUES
  ('2tTdnAEACAAJ', 'Der Prozess', 'Franz Kafka', 'Authors, Austrian', 1500, '1925-04-26'),
  ('zBskDwAAQBAJ', 'In der Strafkolonie', 'Franz Kafka', 'Grotesque in literature', 900, '1919-10-01'),
  ('FbPQPwAACAAJ', 'Kafka und Prag', 'Hartmut Binder', 'Kafka, Franz, 1883-1924', 3200, NULL),
  ('kHnrswEACAAJ', '''Vor dem Gesetz'' - Jacques Derridas Kafka-Lektüre', NULL, 'Language Arts & Disciplines', 2450, '2008-03-15'),
  ('Fr7vCgAAQBAJ', 'Das Schloss', 'Franz Kafka', 'Authors, Austrian', 1700, '1926-12-01');
INSERT INTO customers (id, first_name, last_name, email, street, number, zip, city, country) VALUES
  (1, 'Sally', 'Thomas', 'sally.thomas@example.com', 'High Street', '12', 'SW1', 'London', 'GB'),
  (2, 'Jürgen', 'Müller', 'juergen.mueller@example.com', 'Königsallee', '1a', '40212', 'Düsseldorf', 'DE'),
  (85, 'Cordey', 'Targett', 'ctargett2c@example.com', 'Rusk', '00', '854', 'Frankfurt am Main', 'DE');
